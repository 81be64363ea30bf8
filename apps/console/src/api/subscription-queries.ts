// Owns: queries of subscriptions for several pages, and which subscriptions a right reaches.
import { type QueryClient, queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { usePages } from '../ui/rows.tsx'
import { api, dataOf } from './client.ts'
import type { components, operations } from './schema.ts'

export type Subscription = components['schemas']['Subscription']
export type SubscriptionStats = operations['getSubscriptionStats']['responses'][200]['content']['application/json']

const FIRST_LIMIT = '50'
/** Each row fetches its stats, and an ingress serves only a few of these requests at a time. */
const LIMIT_WITH_STATS = '20'

/** The first page only. */
export function useFirstSubscriptions() {
  const { platform, may } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'first'],
    enabled: may({ action: 'subscriptions:read' }),
    queryFn: () =>
      dataOf(
        api.GET('/apis/v1/wx/{platform}/subscriptions', {
          params: { path: { platform }, query: { limit: FIRST_LIMIT } },
        }),
      ),
  })
}

export function useSubscriptionPages() {
  const { platform } = useSession()
  return usePages([platform, 'subscriptions', 'list'], (page) => {
    const query = { limit: LIMIT_WITH_STATS, ...page }
    return dataOf(api.GET('/apis/v1/wx/{platform}/subscriptions', { params: { path: { platform }, query } }))
  })
}

export function useSubscription(name: string) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'one', name],
    queryFn: () =>
      dataOf(api.GET('/apis/v1/wx/{platform}/subscriptions/{name}', { params: { path: { platform, name } } })),
  })
}

export function statsQuery(platform: string, name: string) {
  return queryOptions({
    queryKey: [platform, 'subscriptions', 'stats', name],
    queryFn: () =>
      dataOf(api.GET('/apis/v1/wx/{platform}/subscriptions/{name}/stats', { params: { path: { platform, name } } })),
  })
}

export function useStats(name: string, pollMs: number | false = false) {
  const { platform } = useSession()
  return useQuery({ ...statsQuery(platform, name), refetchInterval: pollMs })
}

/** Fetches again all that is shown of subscriptions. */
export function useInvalidateSubscriptions(): () => Promise<void> {
  const queries: QueryClient = useQueryClient()
  const { platform } = useSession()
  return () => queries.invalidateQueries({ queryKey: [platform, 'subscriptions'] })
}

export function subscriptionState({ enabled, paused }: Pick<Subscription, 'enabled' | 'paused'>) {
  if (!enabled) return 'disabled'
  return paused ? 'paused' : 'enabled'
}

type Match = Pick<Subscription['match'], 'authorizers'>

/** As the gateway decides: a right narrowed to authorizers reaches the subscriptions that match only those. */
export function useReach(): (action: string, match: Match) => boolean {
  const { may } = useSession()
  return (action, { authorizers = [] }) =>
    may({ action, whole: true }) ||
    (authorizers.length > 0 && authorizers.every((authorizer) => may({ action, authorizer })))
}

/** Appids that the right is narrowed to; undefined: not narrowed. */
export function useGrantedAuthorizers(action: string): readonly string[] | undefined {
  const { session, platform, may } = useSession()
  if (may({ action, whole: true })) return undefined
  const granted = (session.grants ?? []).filter(
    ({ platforms, actions }) => (!platforms || platforms.includes(platform)) && (!actions || actions.includes(action)),
  )
  return [...new Set(granted.flatMap(({ authorizers }) => authorizers ?? []))]
}
