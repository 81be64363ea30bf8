// Owns: the list of authorization links with its filters. One link is link-page.tsx, a new one link-form.tsx.
import { useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { api, dataOf } from '../../api/client.ts'
import { changeQuery, choiceOf, hrefOf, membersOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { FilterForm } from '../../ui/filters.tsx'
import { Field, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { StatusSelect } from '../../ui/status-select.tsx'
import { When } from '../../ui/when.tsx'
import { LinkForm } from './link-form.tsx'
import { LinkPage } from './link-page.tsx'
import { linkKeys, type LinkSession } from './link-queries.ts'
import { linkTexts } from './texts.ts'

/** No session has this id: ids are longer. */
const NEW = 'new'
const STATUSES = ['open', 'completed', 'expired', 'cancelled', 'refused'] as const

export function LinksPage() {
  const { may } = useSession()
  const [id] = useRoute().rest
  if (id === NEW && may({ action: 'sessions:write' })) return <LinkForm />
  return id === undefined || id === NEW ? <LinkList /> : <LinkPage id={id} />
}

function LinkList() {
  const { platform, may } = useSession()
  const texts = useTexts(linkTexts)
  const common = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = { ...membersOf(query, ['reference']), ...choiceOf(query, 'status', STATUSES) }
  const pages = usePages([...linkKeys.all(platform), 'list', filter], (page) => {
    const params = { path: { platform }, query: { limit: '50', ...filter, ...page } }
    return dataOf(api.GET('/apis/v1/wx/{platform}/authorization-sessions', { params }))
  })
  const newLink = (
    <Button theme="primary" href={hrefOf([platform, 'links', NEW])}>
      {texts.make}
    </Button>
  )
  return (
    <Page
      title={common.links}
      name={common.links}
      lead={texts.lead}
      actions={may({ action: 'sessions:write' }) ? newLink : null}
    >
      <Card>
        <LinkFilters />
      </Card>
      <Card flush>
        <PagedRows
          label={common.links}
          pages={pages}
          columns={useColumns()}
          keyOf={({ sessionId }) => sessionId}
          empty={Object.keys(filter).length > 0 ? texts.none : texts.first}
        />
      </Card>
    </Page>
  )
}

function LinkFilters() {
  const texts = useTexts(linkTexts)
  const route = useRoute()
  const [reference, setReference] = useState(route.query.get('reference') ?? '')
  return (
    <FilterForm onSearch={() => changeQuery(route, { reference: reference.trim() })}>
      <Field label={texts.reference} hint={texts.exactReference}>
        <TextInput type="search" value={reference} onChange={setReference} />
      </Field>
      <Field label={texts.status}>
        <StatusSelect
          statuses={STATUSES}
          value={route.query.get('status') ?? ''}
          onChange={(status) => changeQuery(route, { status })}
        />
      </Field>
    </FilterForm>
  )
}

function useColumns(): Array<Column<LinkSession>> {
  const { platform } = useSession()
  const texts = useTexts(linkTexts)
  return [
    {
      key: 'reference',
      head: texts.reference,
      cell: ({ sessionId, reference }) => <a href={hrefOf([platform, 'links', sessionId])}>{reference}</a>,
    },
    { key: 'status', head: texts.status, cell: ({ status }) => <Status of={status} /> },
    {
      key: 'account',
      head: texts.account,
      cell: ({ appid }) => (appid === null ? texts.anyAccount : <code>{appid}</code>),
    },
    { key: 'created', head: texts.created, cell: ({ createdAt }) => <When at={createdAt} /> },
    {
      key: 'opened',
      head: texts.opened,
      cell: ({ openedAt }) => (openedAt === null ? texts.notOpened : <When at={openedAt} />),
    },
    { key: 'expires', head: texts.expires, cell: ({ expiresAt }) => <When at={expiresAt} /> },
  ]
}
