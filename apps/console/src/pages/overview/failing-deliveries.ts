// Owns: the subscriptions that deliver nothing now, with their dead letters. Only the first few; their page has all.
import { useQueries } from '@tanstack/react-query'
import { answered, api } from '../../api/client.ts'
import { type Subscription, useFirstSubscriptions } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { useFailure } from '../../ui/failure.tsx'
import type { Wrong, WrongPart } from './problems.ts'
import { overviewTexts } from './texts.ts'

/** Each costs a request. */
const MAX_STATS = 20

export function useFailingDeliveries(): WrongPart {
  const { platform } = useSession()
  const texts = useTexts(overviewTexts)
  const failure = useFailure()
  const { data, isLoading } = useFirstSubscriptions()
  const subscriptions = data?.items ?? []
  const stats = useStats(subscriptions.slice(0, MAX_STATS))
  const disabled = subscriptions
    .filter(({ enabled }) => !enabled)
    .map(({ name }): Wrong => ({
      key: `off ${name}`,
      tone: 'warn',
      what: texts.disabled(name),
      next: texts.disabledNext,
      href: hrefOf([platform, 'subscriptions', name]),
    }))
  const failing = stats.flatMap(
    ({ name, enabled, stats: { failingSince, lastError, breaker, deadLetters } }): Wrong[] => [
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
  return { wrong: [...failing, ...disabled], isLoading }
}

function useStats(subscriptions: readonly Subscription[]) {
  const { platform } = useSession()
  return useQueries({
    queries: subscriptions.map(({ name }) => ({
      queryKey: [platform, 'subscriptions', 'stats', name],
      queryFn: () =>
        answered(
          api.GET('/apis/v1/wx/{platform}/subscriptions/{name}/stats', { params: { path: { platform, name } } }),
        ),
    })),
    combine: (results) =>
      results.flatMap(({ data: stats }, index) => {
        const { name, enabled } = subscriptions[index] ?? {}
        return stats && name !== undefined ? [{ name, enabled: enabled === true, stats }] : []
      }),
  })
}
