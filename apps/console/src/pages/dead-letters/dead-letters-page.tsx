// Owns: the list of subscriptions with their dead letters. Those of one are subscription-dead-letters.tsx.
import '../subscriptions/subscriptions.css'
import { type Subscription, useStats, useSubscriptionPages } from '../../api/subscription-queries.ts'
import { hrefOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows } from '../../ui/rows.tsx'
import { SubscriptionDeadLetters } from './subscription-dead-letters.tsx'
import { deadLetterTexts } from './texts.ts'

export function DeadLettersPage() {
  const [name] = useRoute().rest
  return name === undefined ? <BySubscription /> : <SubscriptionDeadLetters name={name} />
}

function BySubscription() {
  const texts = useTexts(deadLetterTexts)
  const common = useTexts(consoleTexts)
  const { platform } = useSession()
  const columns: Array<Column<Subscription>> = [
    {
      key: 'name',
      head: texts.subscription,
      cell: ({ name }) => <a href={hrefOf([platform, 'dead-letters', name])}>{name}</a>,
    },
    { key: 'count', head: texts.count, isNumber: true, cell: ({ name }) => <Count name={name} /> },
    { key: 'reason', head: texts.reason, cell: ({ name }) => <FirstReason name={name} /> },
  ]
  return (
    <Page title={common.deadLetters} name={common.deadLetters} lead={texts.lead}>
      <Card flush>
        <PagedRows
          label={common.deadLetters}
          pages={useSubscriptionPages()}
          columns={columns}
          keyOf={({ name }) => name}
          empty={texts.noSubscriptions}
        />
      </Card>
    </Page>
  )
}

function Count({ name }: { name: string }) {
  const { data, error } = useStats(name)
  if (data?.deadLetters) return <Badge tone="bad">{data.deadLetters.toLocaleString()}</Badge>
  return data ? '0' : <span className="muted">{error ? '?' : '…'}</span>
}

function FirstReason({ name }: { name: string }) {
  const { data } = useStats(name)
  const failure = useFailure()
  const [reason] = Object.keys(data?.deadLettersByReason ?? {})
  return reason === undefined ? <span className="muted">–</span> : failure(reason)
}
