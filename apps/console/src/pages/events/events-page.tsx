// Owns: the list of events, or the events as they come. The page of one event is event-page.tsx.
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import { hrefOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Filters } from '../../ui/filters.tsx'
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
  const all = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = filterOf(query)
  const isLive = query.get('live') === '1'
  const other = hrefOf([platform, 'events'], { ...filter, live: isLive ? undefined : '1' })
  return (
    <Page
      title={all.events}
      name={all.events}
      lead={isLive ? texts.liveLead : texts.lead}
      actions={
        <>
          <Button theme="default" href={other}>
            {isLive ? texts.toList : texts.toLive}
          </Button>
          {!isLive && filter.authorizer && filter.subject ? (
            <EraseContent authorizer={filter.authorizer} subject={filter.subject} />
          ) : null}
        </>
      }
    >
      <Filters isSet={Object.keys(filter).length > 0}>
        <EventFilters key={query.toString()} isLive={isLive} />
      </Filters>
      {isLive ? <LiveTail types={filter.type} authorizers={filter.authorizer} /> : <EventList filter={filter} />}
    </Page>
  )
}

function EventList({ filter }: { filter: EventFilter }) {
  const { platform, may } = useSession()
  const texts = useTexts(eventTexts)
  const all = useTexts(consoleTexts)
  // A text is found only in what the caller asks to see. No content is shown in the list.
  const content = filter.q !== undefined && may({ action: 'events:content' }) ? 'true' : 'false'
  const pages = usePages([platform, 'events', 'list', filter], (cursor) => {
    const query = { ...filter, limit: '50', content, ...(cursor === undefined ? {} : { cursor }) } as const
    return answered(api.GET('/apis/v1/wx/{platform}/events', { params: { path: { platform }, query } }))
  })
  return (
    <Card flush>
      <PagedRows
        label={all.events}
        pages={pages}
        columns={useEventColumns()}
        keyOf={({ id }) => id}
        empty={texts.none}
      />
    </Card>
  )
}
