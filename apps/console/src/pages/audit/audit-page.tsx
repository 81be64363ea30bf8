// Owns: the audit log with its filters.
import { type FormEvent, useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { changeQuery, useRoute } from '../../routing/route.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Field, MomentInput, SuggestedInput, TextInput } from '../../ui/form.tsx'
import { Filters } from '../../ui/filters.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { auditTexts } from './texts.ts'

type Entry = operations['listAudit']['responses'][200]['content']['application/json']['items'][number]

const FILTERS = ['caller', 'action', 'authorizer', 'from', 'to'] as const
type Filter = Partial<Record<(typeof FILTERS)[number], string>>

export function AuditPage() {
  const texts = useTexts(auditTexts)
  const all = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = filterOf(query)
  const pages = usePages(['audit', filter], (cursor) => {
    const paging = { limit: '50', ...(cursor === undefined ? {} : { cursor }) }
    return answered(api.GET('/audit', { params: { query: { ...filter, ...paging } } }))
  })
  return (
    <Page title={all.audit} name={all.audit} lead={texts.lead}>
      <Filters isSet={Object.keys(filter).length > 0}>
        <AuditFilters key={query.toString()} first={filter} />
      </Filters>
      <Card flush>
        <PagedRows label={all.audit} pages={pages} columns={useColumns()} keyOf={keyOf} empty={texts.none} />
      </Card>
    </Page>
  )
}

function keyOf({ requestId, at, route }: Entry): string {
  return `${requestId} ${at} ${route}`
}

function AuditFilters({ first }: { first: Filter }) {
  const texts = useTexts(auditTexts)
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
      <Field label={texts.caller}>
        <TextInput {...field('caller')} />
      </Field>
      <Field label={texts.action}>
        <SuggestedInput {...field('action')} options={Object.entries(texts.actions)} />
      </Field>
      <Field label={texts.authorizer}>
        <TextInput {...field('authorizer')} />
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

/** Of nearly all routes: it says nothing about what was done. */
const PREFIX = '/apis/v1/wx/:platform'

function useColumns(): Array<Column<Entry>> {
  const texts = useTexts(auditTexts)
  const known: Record<string, string> = texts.actions
  const nameOf = (action: string | null) => (action === null ? texts.signIn : (known[action] ?? action))
  return [
    { key: 'at', head: texts.at, cell: ({ at }) => <When at={at} absolute /> },
    {
      key: 'caller',
      head: texts.caller,
      cell: ({ caller, by }) => (
        <>
          {caller ?? texts.unknownCaller} <span className="muted whole">{texts.by[by]}</span>
        </>
      ),
    },
    {
      key: 'did',
      head: texts.did,
      isLong: true,
      cell: ({ method, route, action, count }) => (
        <>
          {nameOf(action)}
          {count > 1 ? <span className="muted"> {texts.times(count)}</span> : null}
          <br />
          <code className="muted">
            {method} {route.replace(PREFIX, '')}
          </code>
        </>
      ),
    },
    { key: 'action', head: texts.action, cell: ({ action }) => (action === null ? null : <code>{action}</code>) },
    {
      key: 'about',
      head: texts.about,
      isLong: true,
      cell: ({ platform, authorizer, subscription }) => {
        const about = [platform, authorizer, subscription].filter(Boolean).join(' · ')
        return about === '' ? null : about
      },
    },
    {
      key: 'outcome',
      head: texts.outcome,
      cell: ({ outcome }) =>
        outcome === 'OK' ? <Badge tone="good">{texts.ok}</Badge> : <Badge tone="bad">{outcome}</Badge>,
    },
  ]
}

function filterOf(query: URLSearchParams): Filter {
  return Object.fromEntries(
    FILTERS.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? ''] as const] : [])),
  )
}
