// Owns: the list of events with its filters. The page of one event is event-page.tsx.
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import { changeQuery, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Field, MomentInput, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { PagedRows, usePages } from '../../ui/rows.tsx'
import { EventPage } from './event-page.tsx'
import { useEventColumns } from './event-rows.tsx'
import { eventTexts } from './texts.ts'

const FILTERS = ['authorizer', 'type', 'subject', 'subscription', 'q', 'from', 'to'] as const
type Filter = Partial<Record<(typeof FILTERS)[number], string>>

export function EventsPage() {
  const [id] = useRoute().rest
  return id === undefined ? <EventList /> : <EventPage id={id} />
}

function EventList() {
  const { platform } = useSession()
  const texts = useTexts(eventTexts)
  const all = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = filterOf(query)
  const pages = usePages([platform, 'events', filter], (cursor) => {
    const paging = { limit: '50', content: 'false' as const, ...(cursor === undefined ? {} : { cursor }) }
    return answered(api.GET('/apis/v1/wx/{platform}/events', { params: { path: { platform }, query: { ...filter, ...paging } } }))
  })
  return (
    <Page title={all.events} name={all.events} lead={texts.lead}>
      <Card>
        <EventFilters key={query.toString()} first={filter} />
      </Card>
      <Card flush>
        <PagedRows label={all.events} pages={pages} columns={useEventColumns()} keyOf={({ id }) => id} empty={texts.none} />
      </Card>
    </Page>
  )
}

function EventFilters({ first }: { first: Filter }) {
  const texts = useTexts(eventTexts)
  const all = useTexts(consoleTexts)
  const route = useRoute()
  const [filter, setFilter] = useState(first)
  const field = (name: keyof Filter) => ({
    value: filter[name] ?? '',
    onChange: (value: string) => setFilter({ ...filter, [name]: value.trim() }),
  })
  function submit(event: FormEvent): void {
    event.preventDefault()
    changeQuery(route, { ...Object.fromEntries(FILTERS.map((name) => [name, filter[name]])) })
  }
  return (
    <form className="filters" role="search" onSubmit={submit}>
      <Field label={texts.authorizer}>
        <TextInput {...field('authorizer')} />
      </Field>
      <Field label={texts.subject} hint={texts.subjectHint}>
        <TextInput {...field('subject')} />
      </Field>
      <Field label={texts.type} hint={texts.typeHint}>
        <TextInput {...field('type')} />
      </Field>
      <Field label={texts.subscription}>
        <TextInput {...field('subscription')} />
      </Field>
      <Field label={texts.containing}>
        <TextInput {...field('q')} />
      </Field>
      <Field label={texts.from}>
        <MomentInput {...field('from')} />
      </Field>
      <Field label={texts.to}>
        <MomentInput {...field('to')} />
      </Field>
      <Button type="submit">{all.search}</Button>
    </form>
  )
}

function filterOf(query: URLSearchParams): Filter {
  return Object.fromEntries(FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ''] as const] : [])))
}
