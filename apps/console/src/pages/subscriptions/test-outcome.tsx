// Owns: what became of a test event: read every two seconds until it is over, half a minute at most.
import { useQuery } from '@tanstack/react-query'
import { answered, api } from '../../api/client.ts'
import { useReadAgain } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { useFailure } from '../../ui/failure.tsx'
import { subscriptionTexts } from './texts.ts'

const EVERY_MS = 2000
const MAX_READS = 15
const OVER: readonly string[] = ['delivered', 'dead', 'discarded']

export function TestOutcome({ eventId, name }: { eventId: string; name: string }) {
  const { platform, may } = useSession()
  const texts = useTexts(subscriptionTexts)
  const failure = useFailure()
  // A test event has no account, so that a narrowed right does not see it.
  const maySee = may({ action: 'events:read', whole: true })
  const { delivery, isAwaited } = useOutcome({ eventId, name, enabled: maySee })
  return (
    <div className="notice" role="status">
      <p className="line">
        <strong>{texts.testSent}</strong>
        {delivery ? <Status of={delivery.status} /> : null}
        {delivery?.lastError ? <span>{failure(delivery.lastError)}</span> : null}
      </p>
      {isAwaited ? <p>{texts.testPending}</p> : null}
      {maySee ? <a href={hrefOf([platform, 'events', eventId])}>{texts.testOpen} →</a> : <p>{texts.testUnseen}</p>}
    </div>
  )
}

function useOutcome({ eventId, name, enabled }: { eventId: string; name: string; enabled: boolean }) {
  const { platform } = useSession()
  const readAgain = useReadAgain()
  const query = useQuery({
    queryKey: [platform, 'events', 'one', eventId, 'test'],
    enabled,
    // It stands in the log a moment after the answer.
    retry: 3,
    queryFn: async () => {
      const params = { path: { platform, id: eventId }, query: { content: 'false' as const } }
      const { deliveries } = await answered(api.GET('/apis/v1/wx/{platform}/events/{id}', { params }))
      const delivery = deliveries.find(({ subscription }) => subscription === name)
      if (delivery && OVER.includes(delivery.status)) void readAgain()
      return delivery ?? null
    },
    refetchInterval: ({ state: { data, dataUpdateCount } }) =>
      isOver(data?.status) || dataUpdateCount >= MAX_READS ? false : EVERY_MS,
  })
  return { delivery: query.data, isAwaited: enabled && !query.error && !isOver(query.data?.status) }
}

function isOver(status: string | undefined): boolean {
  return status !== undefined && OVER.includes(status)
}
