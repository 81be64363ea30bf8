// Owns: the subscriptions that are failing, disabled or have dead letters, among the first ones.
import { useQueries } from '@tanstack/react-query'
import { statsQuery, type Subscription, useFirstSubscriptions } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailure } from '../../ui/failure.tsx'
import type { Problem, ProblemsQuery } from './problems.ts'
import { overviewTexts } from './texts.ts'

/** Bounds the requests: one for each subscription. */
const MAX_STATS = 20

export function useFailingDeliveries(): ProblemsQuery {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const failure = useFailure()
  const { data, isLoading } = useFirstSubscriptions()
  const subscriptions = data?.items ?? []
  const stats = useStats(subscriptions.slice(0, MAX_STATS))
  const disabled = subscriptions
    .filter(({ enabled }) => !enabled)
    .map(({ name }): Problem => ({
      key: `off ${name}`,
      tone: 'warn',
      what: texts.disabled(name),
      next: texts.disabledNext,
      href: hrefOf([platform, 'subscriptions', name]),
    }))
  const failing = stats.flatMap(
    ({ name, enabled, stats: { failingSince, lastError, breaker, deadLetters } }): Problem[] => [
      ...(enabled && (failingSince !== null || breaker !== 'closed')
        ? [
            {
              key: `failing ${name}`,
              tone: breaker === 'closed' ? ('warn' as const) : ('bad' as const),
              what: texts.failing(name),
              detail: lastError === null ? undefined : failure(lastError),
              next: texts.failingNext,
              href: hrefOf([platform, 'subscriptions', name]),
            },
          ]
        : []),
      ...(deadLetters > 0
        ? [
            {
              key: `dead ${name}`,
              tone: 'warn' as const,
              what: texts.dead(name, deadLetters),
              next: texts.deadNext,
              href: hrefOf([platform, 'dead-letters', name]),
            },
          ]
        : []),
    ],
  )
  return { problems: [...failing, ...disabled], isLoading }
}

function useStats(subscriptions: readonly Subscription[]) {
  const { platform } = useSession()
  return useQueries({
    queries: subscriptions.map(({ name }) => statsQuery(platform, name)),
    combine: (results) =>
      results.flatMap(({ data: stats }, index) => {
        const { name, enabled } = subscriptions[index] ?? {}
        return stats && name !== undefined ? [{ name, enabled: enabled === true, stats }] : []
      }),
  })
}
