// Owns: the page of the dead letters of one subscription: their reasons, the list and its selection.
import { useState } from 'react'
import { type SubscriptionStats, useReach, useSubscription } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailure } from '../../ui/failure.tsx'
import { Field, Select } from '../../ui/form.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PagedRows } from '../../ui/rows.tsx'
import { DeadLetterActions } from './dead-letter-actions.tsx'
import { useDeadLetterPages } from './dead-letter-queries.ts'
import { useDeadLetterColumns } from './dead-letter-columns.tsx'
import { deadLetterTexts } from './texts.ts'
import { useDrain } from './use-drain.ts'

export function SubscriptionDeadLetters({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(deadLetterTexts)
  const reaches = useReach()
  const subscription = useSubscription(name)
  const { stats, isDraining, startPolling } = useDrain(name)
  const [reason, setReason] = useState('')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const pages = useDeadLetterPages(name, reason)
  const shown = (pages.data?.pages ?? []).flatMap(({ items }) => items)
  const choose = (chosen: string) => {
    setReason(chosen)
    setSelected(new Set())
  }
  const mayWrite = subscription.data !== undefined && reaches('subscriptions:write', subscription.data.match)
  const columns = useDeadLetterColumns({ selected, onSelected: mayWrite ? setSelected : undefined })
  const title = texts.of(name)
  return (
    <Page title={title} name={title} lead={<a href={hrefOf([platform, 'dead-letters'])}>← {texts.back}</a>}>
      <Card title={texts.reasons}>
        <Loaded query={stats}>{(data) => <Reasons of={data} reason={reason} onReason={choose} />}</Loaded>
        {isDraining && stats.data ? (
          <p className="notice" role="status">
            {texts.working(stats.data.deadLetters.toLocaleString())}
          </p>
        ) : null}
      </Card>
      {mayWrite ? (
        <Card>
          <DeadLetterActions
            name={name}
            // The API has no action for all of one reason: with a reason chosen, only the selected ones.
            count={reason === '' ? (stats.data?.deadLetters ?? 0) : 0}
            shown={shown.map(({ id }) => id)}
            selected={selected}
            onSelected={setSelected}
            onAll={startPolling}
          />
        </Card>
      ) : null}
      <Card flush>
        <PagedRows
          label={title}
          pages={pages}
          columns={columns}
          keyOf={({ id }) => id}
          empty={reason === '' ? texts.none : texts.noneOfReason}
        />
      </Card>
    </Page>
  )
}

type ReasonsProps = { of: SubscriptionStats; reason: string; onReason(reason: string): void }

function Reasons({ of: { deadLetters, deadLettersByReason }, reason, onReason }: ReasonsProps) {
  const texts = useTexts(deadLetterTexts)
  const failure = useFailure()
  const counts = Object.entries(deadLettersByReason)
  return (
    <div className="stack">
      <p>{texts.left(deadLetters.toLocaleString())}</p>
      {counts.length === 0 ? null : (
        <Field label={texts.newest}>
          <Select
            value={reason}
            onChange={onReason}
            options={[
              ['', texts.everyReason],
              ...counts.map(([each, count]) => [each, `${count.toLocaleString()} × ${failure(each)}`] as const),
            ]}
          />
        </Field>
      )}
    </div>
  )
}
