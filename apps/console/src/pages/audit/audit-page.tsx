// Owns: the audit log with its filters.
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { changeQuery, membersOf, useRoute } from '../../routing/route.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { FilterForm, FoldedFilters } from '../../ui/filters.tsx'
import { DateTimeInput, Field, SuggestedInput, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { auditTexts } from './texts.ts'

type AuditEntry = operations['listAudit']['responses'][200]['content']['application/json']['items'][number]

const FILTERS = ['caller', 'action', 'authorizer', 'from', 'to'] as const
type Filter = Partial<Record<(typeof FILTERS)[number], string>>

export function AuditPage() {
  const texts = useTexts(auditTexts)
  const common = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = membersOf(query, FILTERS)
  const pages = usePages(['audit', filter], (page) =>
    dataOf(api.GET('/audit', { params: { query: { limit: '50', ...filter, ...page } } })),
  )
  return (
    <Page title={common.audit} name={common.audit} lead={texts.lead}>
      <FoldedFilters isSet={Object.keys(filter).length > 0}>
        <AuditFilters key={query.toString()} initial={filter} />
      </FoldedFilters>
      <Card flush>
        <PagedRows label={common.audit} pages={pages} columns={useColumns()} keyOf={keyOf} empty={texts.none} />
      </Card>
    </Page>
  )
}

function keyOf({ requestId, at, route }: AuditEntry): string {
  return `${requestId} ${at} ${route}`
}

function AuditFilters({ initial }: { initial: Filter }) {
  const texts = useTexts(auditTexts)
  const route = useRoute()
  const [filter, setFilter] = useState(initial)
  const field = (name: keyof Filter) => ({
    value: filter[name] ?? '',
    onChange: (value: string) => setFilter({ ...filter, [name]: value.trim() }),
  })
  return (
    <FilterForm onSearch={() => changeQuery(route, filter)}>
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
        <DateTimeInput {...field('from')} />
      </Field>
      <Field label={texts.to}>
        <DateTimeInput {...field('to')} />
      </Field>
    </FilterForm>
  )
}

/** Not shown: nearly all routes begin with it. */
const PREFIX = '/apis/v1/wx/:platform'

function useColumns(): Array<Column<AuditEntry>> {
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
