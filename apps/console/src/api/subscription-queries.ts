// Owns: what several pages ask about subscriptions, and how far a right reaches them.
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { usePages } from '../ui/rows.tsx'
import { answered, api } from './client.ts'
import type { components, operations } from './schema.ts'

export type Subscription = components['schemas']['Subscription']
export type SubscriptionStats = operations['getSubscriptionStats']['responses'][200]['content']['application/json']

/** What is looked at in one go; a list shows more by pages. */
const MAX_WATCHED = 50
/** Each row asks for its stats, and an ingress works on a few of these at a time. */
const ROWS_WITH_STATS = '20'

export function useFirstSubscriptions() {
  const { platform, may } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'first'],
    enabled: may({ action: 'subscriptions:read' }),
    queryFn: () =>
      answered(
        api.GET('/apis/v1/wx/{platform}/subscriptions', {
          params: { path: { platform }, query: { limit: String(MAX_WATCHED) } },
        }),
      ),
  })
}

export function useSubscriptionPages() {
  const { platform } = useSession()
  return usePages([platform, 'subscriptions', 'list'], (cursor) => {
    const query = { limit: ROWS_WITH_STATS, ...(cursor === undefined ? {} : { cursor }) }
    return answered(api.GET('/apis/v1/wx/{platform}/subscriptions', { params: { path: { platform }, query } }))
  })
}

export function useSubscription(name: string) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'one', name],
    queryFn: () =>
      answered(api.GET('/apis/v1/wx/{platform}/subscriptions/{name}', { params: { path: { platform, name } } })),
  })
}

/** `everyMs`: while something is under way that changes them. */
export function useStats(name: string, everyMs: number | false = false) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'stats', name],
    refetchInterval: everyMs,
    queryFn: () =>
      answered(api.GET('/apis/v1/wx/{platform}/subscriptions/{name}/stats', { params: { path: { platform, name } } })),
  })
}

/** What was read of subscriptions is read anew where it is shown. */
export function useReadAgain(): () => Promise<void> {
  const queries: QueryClient = useQueryClient()
  const { platform } = useSession()
  return () => queries.invalidateQueries({ queryKey: [platform, 'subscriptions'] })
}

export type Match = Pick<Subscription['match'], 'authorizers'>

/** As the gateway decides: a right narrowed to authorizers reaches the subscriptions that match only those. */
export function useReach(): (action: string, match: Match) => boolean {
  const { may } = useSession()
  return (action, { authorizers = [] }) =>
    may({ action, whole: true }) ||
    (authorizers.length > 0 && authorizers.every((authorizer) => may({ action, authorizer })))
}

/** undefined: all. */
export function useGrantedAuthorizers(action: string): readonly string[] | undefined {
  const { session, platform, may } = useSession()
  if (may({ action, whole: true })) return undefined
  const granted = (session.grants ?? []).filter(
    ({ platforms, actions }) => (!platforms || platforms.includes(platform)) && (!actions || actions.includes(action)),
  )
  return [...new Set(granted.flatMap(({ authorizers }) => authorizers ?? []))]
}
