// Owns: the card of an account's latest events.
import { useQuery } from '@tanstack/react-query'
import { api, dataOf } from '../../api/client.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Card } from '../../ui/page.tsx'
import { EventRows } from '../events/event-rows.tsx'
import { accountTexts } from './texts.ts'

export function AccountEvents({ appid }: { appid: string }) {
  const { platform } = useSession()
  const texts = useTexts(accountTexts)
  const query = useQuery({
    queryKey: [platform, 'events', 'of', appid],
    queryFn: () => {
      const filter = { authorizer: appid, limit: '10', content: 'false' as const }
      return dataOf(api.GET('/apis/v1/wx/{platform}/events', { params: { path: { platform }, query: filter } }))
    },
  })
  return (
    <Card
      title={texts.recent}
      actions={<a href={hrefOf([platform, 'events'], { authorizer: appid })}>{texts.allEvents} →</a>}
      flush
    >
      <Loaded query={query}>{({ items }) => <EventRows items={items} />}</Loaded>
    </Card>
  )
}
