// Owns: the notice with the result of a test event, polled every two seconds for at most half a minute.
import { useQuery } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import { useInvalidateSubscriptions } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { subscriptionTexts } from './texts.ts'

const POLL_MS = 2000
const MAX_POLLS = 15
const OVER: readonly string[] = ['delivered', 'dead', 'discarded']

export function TestOutcome({ eventId, name }: { eventId: string; name: string }) {
  const { platform, may } = useSession()
  const texts = useTexts(subscriptionTexts)
  const failure = useFailure()
  // A test event has no account: a narrowed right cannot read it.
  const maySee = may({ action: 'events:read', whole: true })
  const { delivery, isPending } = useOutcome({ eventId, name, enabled: maySee })
  return (
    <div className="notice" role="status">
      <p className="line">
        <strong>{texts.testSent}</strong>
        {delivery ? <Status of={delivery.status} /> : null}
        {delivery?.lastError ? <span>{failure(delivery.lastError)}</span> : null}
      </p>
      {isPending ? <p>{texts.testPending}</p> : null}
      {maySee ? <a href={hrefOf([platform, 'events', eventId])}>{texts.testOpen} →</a> : <p>{texts.testUnseen}</p>}
    </div>
  )
}

function useOutcome({ eventId, name, enabled }: { eventId: string; name: string; enabled: boolean }) {
  const { platform } = useSession()
  const invalidate = useInvalidateSubscriptions()
  const query = useQuery({
    queryKey: [platform, 'events', 'one', eventId, 'test'],
    enabled,
    // A worker records it a moment after the answer.
    retry: 3,
    queryFn: async () => {
      const params = { path: { platform, id: eventId }, query: { content: 'false' as const } }
      const { deliveries } = await dataOf(api.GET('/apis/v1/wx/{platform}/events/{id}', { params }))
      const delivery = deliveries.find(({ subscription }) => subscription === name)
      if (delivery && OVER.includes(delivery.status)) void invalidate()
      return delivery ?? null
    },
    refetchInterval: ({ state: { data, dataUpdateCount } }) =>
      isOver(data?.status) || dataUpdateCount >= MAX_POLLS ? false : POLL_MS,
  })
  return { delivery: query.data, isPending: enabled && !query.error && !isOver(query.data?.status) }
}

function isOver(status: string | undefined): boolean {
  return status !== undefined && OVER.includes(status)
}
