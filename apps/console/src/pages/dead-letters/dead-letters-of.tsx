// Owns: the page of the dead letters of one subscription: by reason, picked by hand, and what can be done with them.
import { useState } from 'react'
import { type SubscriptionStats, useReach, useSubscription } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Choice, Field } from '../../ui/form.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PagedRows } from '../../ui/rows.tsx'
import { DeadLetterActions } from './dead-letter-actions.tsx'
import { useDeadLetterPages } from './dead-letter-queries.ts'
import { useDeadLetterColumns } from './dead-letter-columns.tsx'
import { deadLetterTexts } from './texts.ts'
import { useFall } from './use-fall.ts'

export function DeadLettersOf({ name }: { name: string }) {
  const { platform } = useSession()
  const texts = useTexts(deadLetterTexts)
  const reaches = useReach()
  const subscription = useSubscription(name)
  const { stats, isFalling, watch } = useFall(name)
  const [reason, setReason] = useState('')
  const [picked, setPicked] = useState<ReadonlySet<string>>(new Set())
  const pages = useDeadLetterPages(name)
  const loaded = (pages.data?.pages ?? []).flatMap(({ items }) => items)
  const shown = loaded.filter(({ lastError }) => reason === '' || lastError === reason)
  const mayWrite = subscription.data !== undefined && reaches('subscriptions:write', subscription.data.match)
  const columns = useDeadLetterColumns({ picked, onPicked: mayWrite ? setPicked : undefined })
  const title = texts.of(name)
  return (
    <Page title={title} name={title} lead={<a href={hrefOf([platform, 'dead-letters'])}>← {texts.back}</a>}>
      <Card title={texts.reasons}>
        <Loaded query={stats}>
          {(read) => <Reasons of={read} reason={reason} onReason={setReason} loaded={loaded.length} />}
        </Loaded>
        {isFalling && stats.data ? (
          <p className="notice" role="status">
            {texts.working(stats.data.deadLetters.toLocaleString())}
          </p>
        ) : null}
      </Card>
      {mayWrite ? (
        <Card>
          <DeadLetterActions
            name={name}
            count={stats.data?.deadLetters ?? 0}
            shown={shown.map(({ id }) => id)}
            picked={picked}
            onPicked={setPicked}
            onAll={watch}
          />
        </Card>
      ) : null}
      <Card flush>
        <PagedRows
          label={title}
          pages={pages}
          only={({ lastError }) => reason === '' || lastError === reason}
          columns={columns}
          keyOf={({ id }) => id}
          empty={reason === '' ? texts.none : texts.noneOfReason}
        />
      </Card>
    </Page>
  )
}

type ReasonsProps = { of: SubscriptionStats; reason: string; onReason(reason: string): void; loaded: number }

function Reasons({ of: { deadLetters, deadLettersByReason }, reason, onReason, loaded }: ReasonsProps) {
  const texts = useTexts(deadLetterTexts)
  const counts = Object.entries(deadLettersByReason)
  return (
    <div className="stack">
      <p>{texts.left(deadLetters.toLocaleString())}</p>
      {counts.length === 0 ? null : (
        <Field label={texts.newest} hint={reason === '' ? undefined : texts.loaded(loaded)}>
          <Choice
            value={reason}
            onChange={onReason}
            options={[
              ['', texts.everyReason],
              ...counts.map(([each, count]) => [each, `${count.toLocaleString()} × ${each}`] as const),
            ]}
          />
        </Field>
      )}
    </div>
  )
}
