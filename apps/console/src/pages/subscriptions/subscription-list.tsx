// Owns: the list of subscriptions, with some of their stats.
import type { ReactNode } from 'react'
import {
  type Subscription,
  type SubscriptionStats,
  useStats,
  useSubscriptionPages,
} from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows } from '../../ui/rows.tsx'
import { useDuration, When } from '../../ui/when.tsx'
import { NEW } from './paths.ts'
import { BreakerBadge, StateBadges } from './state-badges.tsx'
import { subscriptionTexts } from './texts.ts'

export function SubscriptionList() {
  const { platform, may } = useSession()
  const texts = useTexts(subscriptionTexts)
  const common = useTexts(consoleTexts)
  const create = (
    <a className="button-link" href={hrefOf([platform, 'subscriptions', NEW])}>
      {texts.create}
    </a>
  )
  return (
    <Page
      title={common.subscriptions}
      name={common.subscriptions}
      lead={texts.lead}
      actions={may({ action: 'subscriptions:write' }) ? create : null}
    >
      <Card flush>
        <PagedRows
          label={common.subscriptions}
          pages={useSubscriptionPages()}
          columns={useColumns()}
          keyOf={({ name }) => name}
          empty={texts.none}
        />
      </Card>
    </Page>
  )
}

function useColumns(): Array<Column<Subscription>> {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const duration = useDuration()
  const ofStats = (show: (stats: SubscriptionStats, name: string) => ReactNode) => (row: Subscription) => (
    <FromStats name={row.name} show={show} />
  )
  return [
    { key: 'name', head: texts.name, cell: (row) => <NameAndSink of={row} /> },
    { key: 'state', head: texts.state, cell: (row) => <StateBadges of={row} /> },
    { key: 'breaker', head: texts.breaker, cell: ofStats(({ breaker }) => <BreakerBadge of={breaker} />) },
    { key: 'waiting', head: texts.waiting, isNumber: true, cell: ofStats(({ waiting }) => waiting.toLocaleString()) },
    {
      key: 'oldest',
      head: texts.oldest,
      isNumber: true,
      cell: ofStats(({ oldestWaitingSeconds: seconds }) => (seconds === null ? '–' : duration(seconds))),
    },
    { key: 'failing', head: texts.failing, cell: ofStats(({ failingSince }) => <When at={failingSince} />) },
    {
      key: 'dead',
      head: texts.deadLetters,
      isNumber: true,
      cell: ofStats(({ deadLetters }, name) =>
        deadLetters === 0 ? '0' : <a href={hrefOf([platform, 'dead-letters', name])}>{deadLetters.toLocaleString()}</a>,
      ),
    },
  ]
}

function NameAndSink({ of: { name, sink } }: { of: Subscription }) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  return (
    <>
      <a href={hrefOf([platform, 'subscriptions', name])}>{name}</a>
      <br />
      <span className="muted">{sink.kind === 'webhook' ? <code>{sink.url}</code> : texts.kinds[sink.kind]}</span>
    </>
  )
}

/** The cells of a row share one query. */
function FromStats({ name, show }: { name: string; show(stats: SubscriptionStats, name: string): ReactNode }) {
  const { data, error } = useStats(name)
  if (data) return show(data, name)
  return <span className="muted">{error ? '?' : '…'}</span>
}
