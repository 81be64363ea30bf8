// Owns: what the page of one event asks the gateway.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { answered, api } from '../../api/client.ts'
import { useSession } from '../../session/session.ts'
import { usePages } from '../../ui/rows.tsx'
import type { LoggedEvent } from './event-rows.tsx'

/** No stream says what becomes of a delivery. */
const READ_AGAIN_MS = 3_000

type EventQuery = {
  /** `true` is audited. */
  content: 'true' | 'false'
  isWanted?: boolean
}

/** Read again while a delivery is under way. */
export function useEvent(id: string, { content, isWanted = true }: EventQuery) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'events', 'one', id, content],
    enabled: isWanted,
    refetchInterval: ({ state: { data } }) => (content === 'false' && isUnderWay(data) ? READ_AGAIN_MS : false),
    queryFn: () => {
      const params = { path: { platform, id }, query: { content } }
      return answered(api.GET('/apis/v1/wx/{platform}/events/{id}', { params }))
    },
  })
}

function isUnderWay(event: LoggedEvent | undefined): boolean {
  return event?.deliveries.some(({ status }) => status === 'pending' || status === 'retrying') ?? false
}

/** Newest first. With each change of a delivery they are read again. */
export function useAttempts({ id, deliveries }: LoggedEvent, content: 'true' | 'false') {
  const { platform } = useSession()
  const attempts = usePages([platform, 'events', 'one', id, 'attempts', content], (cursor) => {
    const query = { limit: '100', content, ...(cursor === undefined ? {} : { cursor }) }
    return answered(
      api.GET('/apis/v1/wx/{platform}/events/{id}/attempts', { params: { path: { platform, id }, query } }),
    )
  })
  const { refetch } = attempts
  const made = deliveries
    .map(({ subscription, status, attempts: count }) => `${subscription} ${status} ${count}`)
    .join()
  useEffect(() => void refetch({ cancelRefetch: false }), [made, refetch])
  return attempts
}

export function useMatches(id: string) {
  const { platform } = useSession()
  return useQuery({
    queryKey: [platform, 'subscriptions', 'match', id],
    queryFn: () =>
      answered(
        api.POST('/apis/v1/wx/{platform}/subscriptions/match', {
          params: { path: { platform } },
          body: { eventId: id },
        }),
      ),
  })
}

/**
 * To all that match when no subscription is named. What became of it is read at once, and again when a worker has had
 * time.
 */
export function useReplay(id: string): (subscription?: string) => Promise<unknown> {
  const { platform } = useSession()
  const queries = useQueryClient()
  const readAgain = () => queries.invalidateQueries({ queryKey: [platform, 'events'] })
  return (subscription) => {
    const body = subscription === undefined ? {} : { subscriptions: [subscription] }
    return answered(
      api.POST('/apis/v1/wx/{platform}/events/{id}/replay', { params: { path: { platform, id } }, body }),
    ).then(() => {
      setTimeout(() => void readAgain(), READ_AGAIN_MS)
      return readAgain()
    })
  }
}
