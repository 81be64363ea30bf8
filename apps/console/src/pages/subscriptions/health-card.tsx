// Owns: the card of a subscription's delivery statistics and the reasons of its dead letters.
import { type Subscription, type SubscriptionStats, useStats } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Action } from '../../ui/actions.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Facts } from '../../ui/page.tsx'
import { useDuration, When } from '../../ui/when.tsx'
import { BreakerBadge } from './state-badges.tsx'
import { subscriptionTexts } from './texts.ts'

export function HealthCard({ subscription: { name } }: { subscription: Subscription }) {
  const { platform, may } = useSession()
  const texts = useTexts(subscriptionTexts)
  const query = useStats(name)
  return (
    <Card
      title={texts.health}
      actions={
        <>
          {may({ action: 'events:read' }) ? (
            <a href={hrefOf([platform, 'events'], { subscription: name })}>{texts.events} →</a>
          ) : null}
          <Action run={() => query.refetch({ throwOnError: true })}>{texts.refresh}</Action>
        </>
      }
    >
      <Loaded query={query}>{(stats) => <Health name={name} stats={stats} />}</Loaded>
    </Card>
  )
}

function Health({ name, stats }: { name: string; stats: SubscriptionStats }) {
  const { platform } = useSession()
  const texts = useTexts(subscriptionTexts)
  const duration = useDuration()
  const failure = useFailure()
  const reasons = Object.entries(stats.deadLettersByReason)
  const ms = (value: number | null) => (value === null ? '–' : `${value.toLocaleString()} ms`)
  return (
    <div className="stack">
      <Facts
        of={[
          [texts.breaker, <BreakerBadge key="breaker" of={stats.breaker} />],
          [
            texts.failing,
            stats.failingSince ? <When key="failing" at={stats.failingSince} absolute /> : texts.neverFailing,
          ],
          [texts.waiting, stats.waiting.toLocaleString()],
          [texts.oldest, stats.oldestWaitingSeconds === null ? '–' : duration(stats.oldestWaitingSeconds)],
          [texts.inFlight, stats.inFlight.toLocaleString()],
          [texts.delivered1h, stats.delivered1h.toLocaleString()],
          [texts.failed1h, stats.failed1h.toLocaleString()],
          [texts.times, `${ms(stats.p50Ms)} / ${ms(stats.p95Ms)}`],
          [texts.lastSuccess, <When key="success" at={stats.lastSuccessAt} />],
          [texts.lastError, stats.lastError === null ? '–' : failure(stats.lastError)],
          [
            texts.deadLetters,
            <a key="dead" href={hrefOf([platform, 'dead-letters', name])}>
              {stats.deadLetters.toLocaleString()}
            </a>,
          ],
        ]}
      />
      {reasons.length > 0 ? (
        <>
          <h3>{texts.reasons}</h3>
          <ul className="reasons stack">
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                <span>{failure(reason)}</span> <strong>{count.toLocaleString()}</strong>
              </li>
            ))}
          </ul>
        </>
      ) : null}
    </div>
  )
}
