// Owns: the list of accounts with its filters. The page of one account is account-page.tsx.
import { useState } from 'react'
import type { Account } from '../../api/account-queries.ts'
import { nameOfSet, useCatalogue } from '../../api/catalogue.ts'
import { api, dataOf } from '../../api/client.ts'
import { changeQuery, choiceOf, hrefOf, membersOf, useRoute } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { FilterForm } from '../../ui/filters.tsx'
import { Field, Select, TextInput } from '../../ui/form.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { StatusSelect } from '../../ui/status-select.tsx'
import { When } from '../../ui/when.tsx'
import { AccountPage } from './account-page.tsx'
import { accountTexts } from './texts.ts'
import { TokenLeft } from './token-left.tsx'

const STATUSES = ['active', 'reauthorization_required', 'revoked'] as const

export function AccountsPage() {
  const [appid] = useRoute().rest
  return appid === undefined ? <AccountList /> : <AccountPage appid={appid} />
}

function AccountList() {
  const { platform } = useSession()
  const texts = useTexts(accountTexts)
  const common = useTexts(consoleTexts)
  const { query } = useRoute()
  const filter = { ...membersOf(query, ['q', 'missingScope']), ...choiceOf(query, 'status', STATUSES) }
  const pages = usePages([platform, 'authorizers', filter], (page) => {
    const params = { path: { platform }, query: { limit: '50', ...filter, ...page } }
    return dataOf(api.GET('/apis/v1/wx/{platform}/authorizers', { params }))
  })
  return (
    <Page title={common.accounts} name={common.accounts} lead={texts.lead}>
      <Card>
        <AccountFilters />
      </Card>
      <Card flush>
        <PagedRows
          label={common.accounts}
          pages={pages}
          columns={useColumns()}
          keyOf={({ appid }) => appid}
          empty={Object.keys(filter).length > 0 ? texts.none : texts.first}
        />
      </Card>
    </Page>
  )
}

function AccountFilters() {
  const texts = useTexts(accountTexts)
  const common = useTexts(consoleTexts)
  const language = useLanguage()
  const route = useRoute()
  const { data: catalogue } = useCatalogue()
  const [text, setText] = useState(route.query.get('q') ?? '')
  const sets = (catalogue?.permissionSets ?? []).map(
    (set) => [String(set.id), `${set.id} ${nameOfSet(set, language)}`] as const,
  )
  return (
    <FilterForm onSearch={() => changeQuery(route, { q: text.trim() })}>
      <Field label={common.search} hint={texts.find}>
        <TextInput type="search" value={text} onChange={setText} />
      </Field>
      <Field label={texts.status}>
        <StatusSelect
          statuses={STATUSES}
          value={route.query.get('status') ?? ''}
          onChange={(status) => changeQuery(route, { status })}
        />
      </Field>
      <Field label={texts.missing}>
        <Select<string>
          value={route.query.get('missingScope') ?? ''}
          onChange={(missingScope) => changeQuery(route, { missingScope })}
          options={[['', '–'], ...sets]}
        />
      </Field>
    </FilterForm>
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
