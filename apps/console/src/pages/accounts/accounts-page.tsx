// Owns: the list of accounts with its filters. The page of one account is account-page.tsx.
import { useState } from 'react'
import { Button } from 'tdesign-react/es/button'
import { nameOfSet, useCatalogue } from '../../api/catalogue.ts'
import { answered, api } from '../../api/client.ts'
import type { components } from '../../api/schema.ts'
import { changeQuery, hrefOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { Choice, Field, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { StatusChoice } from '../../ui/status-choice.tsx'
import { When } from '../../ui/when.tsx'
import { AccountPage } from './account-page.tsx'
import { accountTexts } from './texts.ts'
import { TokenLeft } from './token-left.tsx'

export type Account = components['schemas']['Authorizer']

const STATUSES = ['active', 'reauthorization_required', 'revoked'] as const

export function AccountsPage() {
  const { rest } = useRoute()
  const [appid] = rest
  return appid === undefined ? <AccountList /> : <AccountPage appid={appid} />
}

function AccountList() {
  const { platform } = useSession()
  const texts = useTexts(accountTexts)
  const all = useTexts(consoleTexts)
  const { query } = useRoute()
  const given = filterOf(query)
  const pages = usePages([platform, 'authorizers', given], (cursor) => {
    const params = { path: { platform }, query: { limit: '50', ...given, ...(cursor === undefined ? {} : { cursor }) } }
    return answered(api.GET('/apis/v1/wx/{platform}/authorizers', { params }))
  })
  const isFiltered = Object.keys(given).length > 0
  return (
    <Page title={all.accounts} name={all.accounts} lead={texts.lead}>
      <Card>
        <AccountFilters />
      </Card>
      <Card flush>
        <PagedRows
          label={all.accounts}
          pages={pages}
          columns={useColumns()}
          keyOf={({ appid }) => appid}
          empty={isFiltered ? texts.none : texts.first}
        />
      </Card>
    </Page>
  )
}

type Filter = { q?: string; missingScope?: string; status?: (typeof STATUSES)[number] }

function filterOf(query: URLSearchParams): Filter {
  const [q, missingScope] = [query.get('q'), query.get('missingScope')]
  const status = STATUSES.find((each) => each === query.get('status'))
  return { ...(q ? { q } : {}), ...(missingScope ? { missingScope } : {}), ...(status ? { status } : {}) }
}

function AccountFilters() {
  const texts = useTexts(accountTexts)
  const all = useTexts(consoleTexts)
  const language = useLanguage()
  const route = useRoute()
  const { data: catalogue } = useCatalogue()
  const [text, setText] = useState(route.query.get('q') ?? '')
  const sets = (catalogue?.permissionSets ?? []).map(
    (set) => [String(set.id), `${set.id} ${nameOfSet(set, language)}`] as const,
  )
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        changeQuery(route, { q: text.trim() })
      }}
    >
      <Field label={all.search} hint={texts.find}>
        <TextInput type="search" value={text} onChange={setText} />
      </Field>
      <Field label={texts.status}>
        <StatusChoice
          statuses={STATUSES}
          value={route.query.get('status') ?? ''}
          onChange={(status) => changeQuery(route, { status })}
        />
      </Field>
      <Field label={texts.missing}>
        <Choice
          value={route.query.get('missingScope') ?? ''}
          onChange={(missingScope) => changeQuery(route, { missingScope })}
          options={[['', '–'], ...sets]}
        />
      </Field>
      <Button type="submit">{all.search}</Button>
    </form>
  )
}

function useColumns(): Array<Column<Account>> {
  const { platform } = useSession()
  const texts = useTexts(accountTexts)
  return [
    {
      key: 'name',
      head: texts.name,
      cell: ({ appid, nick_name }) => (
        <>
          <a href={hrefOf([platform, 'accounts', appid])}>{nick_name ?? texts.unnamed}</a>
          <br />
          <code className="muted">{appid}</code>
        </>
      ),
    },
    { key: 'status', head: texts.status, cell: ({ status }) => <Status of={status} /> },
    {
      key: 'kind',
      head: texts.kind,
      cell: ({ isMiniProgram }) => (isMiniProgram === null ? null : isMiniProgram ? texts.mini : texts.official),
    },
    { key: 'principal', head: texts.principal, cell: ({ principal_name }) => principal_name },
    { key: 'sets', head: texts.sets, isNumber: true, cell: ({ func_info }) => func_info.length },
    { key: 'token', head: texts.token, cell: ({ token }) => <TokenLeft expiresAt={token.expiresAt} /> },
    { key: 'authorized', head: texts.authorized, cell: ({ authorizedAt }) => <When at={authorizedAt} /> },
  ]
}
