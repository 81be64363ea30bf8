// Owns: what several pages ask about subscriptions.
import { useQuery } from '@tanstack/react-query'
import { useSession } from '../session/session.ts'
import { answered, api } from './client.ts'
import type { components } from './schema.ts'

export type Subscription = components['schemas']['Subscription']

/** What is looked at in one go; a list shows more by pages. */
const MAX_WATCHED = 50

export function useFirstSubscriptions() {
  const { platform, may } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'first'],
    enabled: may({ action: 'subscriptions:read' }),
    queryFn: () =>
      answered(
        api.GET('/apis/v1/wx/{platform}/subscriptions', { params: { path: { platform }, query: { limit: String(MAX_WATCHED) } } }),
      ),
  })
}
