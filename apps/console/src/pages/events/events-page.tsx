// Owns: the list of events, and the live view beside it. The page of one event is event-page.tsx.
import { Button } from 'tdesign-react/es/button'
import { api, dataOf } from '../../api/client.ts'
import { hrefOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { FoldedFilters } from '../../ui/filters.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PagedRows, usePages } from '../../ui/rows.tsx'
import { EraseContent } from './erase-content.tsx'
import { type EventFilter, filterOf } from './event-filter.ts'
import { EventFilters } from './event-filters.tsx'
import { EventPage } from './event-page.tsx'
import { useEventColumns } from './event-rows.tsx'
import { LiveTail } from './live-tail.tsx'
import { eventTexts } from './texts.ts'

export function EventsPage() {
  const [id] = useRoute().rest
  return id === undefined ? <Events /> : <EventPage id={id} />
}

function Events() {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const common = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = filterOf(query)
  const isLive = query.get('live') === '1'
  const otherView = hrefOf([platform, 'events'], { ...filter, live: isLive ? undefined : '1' })
  return (
    <Page
      title={common.events}
      name={common.events}
      lead={isLive ? texts.liveLead : texts.lead}
      actions={
        <>
          <Button theme="default" href={otherView}>
            {isLive ? texts.toList : texts.toLive}
          </Button>
          {!isLive && filter.authorizer && filter.subject ? (
            <EraseContent authorizer={filter.authorizer} subject={filter.subject} />
          ) : null}
        </>
      }
    >
      <FoldedFilters isSet={Object.keys(filter).length > 0}>
        <EventFilters key={query.toString()} isLive={isLive} />
      </FoldedFilters>
      {isLive ? <LiveTail types={filter.type} authorizers={filter.authorizer} /> : <EventList filter={filter} />}
    </Page>
  )
}

function EventList({ filter }: { filter: EventFilter }) {
  const { platform, may } = useSession()
  const texts = useTexts(eventTexts)
  const common = useTexts(consoleTexts)
  // The gateway searches content only with `content=true`. The list shows none of it.
  const content = filter.q !== undefined && may({ action: 'events:content' }) ? 'true' : 'false'
  const pages = usePages([platform, 'events', 'list', filter], (page) => {
    const query = { ...filter, limit: '50', content, ...page } as const
    return dataOf(api.GET('/apis/v1/wx/{platform}/events', { params: { path: { platform }, query } }))
  })
  return (
    <Card flush>
      <PagedRows
        label={common.events}
        pages={pages}
        columns={useEventColumns()}
        keyOf={({ id }) => id}
        empty={texts.none}
      />
    </Card>
  )
}
