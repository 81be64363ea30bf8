// Owns: the queries of the page of one event, and its replay.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { api, dataOf } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { usePages } from '../../ui/rows.tsx'
import type { LoggedEvent } from './event-rows.tsx'

/** No stream offers the state of a delivery. */
const POLL_MS = 3_000

type EventQuery = {
  /** Reading with `true` is audited, and not repeated. */
  content: 'true' | 'false'
  isEnabled?: boolean
}

/** Polls while a delivery is pending or retrying. */
export function useEvent(id: string, { content, isEnabled = true }: EventQuery) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'events', 'one', id, content],
    enabled: isEnabled,
    refetchInterval: ({ state: { data } }) => (content === 'false' && isUnfinished(data) ? POLL_MS : false),
    queryFn: () => {
      const params = { path: { platform, id }, query: { content } }
      return dataOf(api.GET('/apis/v1/wx/{platform}/events/{id}', { params }))
    },
  })
}

function isUnfinished(event: LoggedEvent | undefined): boolean {
  return event?.deliveries.some(({ status }) => status === 'pending' || status === 'retrying') ?? false
}

/** Newest first. Fetches again when the state of a delivery changes. */
export function useAttempts({ id, deliveries }: LoggedEvent, content: 'true' | 'false') {
  const { platform } = useSession()
  const attempts = usePages([platform, 'events', 'one', id, 'attempts', content], (page) => {
    const query = { limit: '100', content, ...page }
    return dataOf(api.GET('/apis/v1/wx/{platform}/events/{id}/attempts', { params: { path: { platform, id }, query } }))
  })
  const { refetch } = attempts
  const states = deliveries
    .map(({ subscription, status, attempts: count }) => `${subscription} ${status} ${count}`)
    .join()
  useEffect(() => void refetch({ cancelRefetch: false }), [states, refetch])
  return attempts
}

export function useMatches(id: string) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'match', id],
    queryFn: () =>
      dataOf(
        api.POST('/apis/v1/wx/{platform}/subscriptions/match', {
          params: { path: { platform } },
          body: { eventId: id },
        }),
      ),
  })
}

/** Without a subscription, to all that match. Fetches the events at once, and again when a worker may be done. */
export function useReplay(id: string): (subscription?: string) => Promise<unknown> {
  const { platform } = useSession()
  const queries = useQueryClient()
  const invalidate = () => queries.invalidateQueries({ queryKey: [platform, 'events'] })
  return (subscription) => {
    const body = subscription === undefined ? {} : { subscriptions: [subscription] }
    return dataOf(
      api.POST('/apis/v1/wx/{platform}/events/{id}/replay', { params: { path: { platform, id } }, body }),
    ).then(() => {
      setTimeout(() => void invalidate(), POLL_MS)
      return invalidate()
    })
  }
}
