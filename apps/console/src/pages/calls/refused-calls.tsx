// Owns: the list of calls that WeChat refused lately, with the meaning of each errcode.
import { useState } from 'react'
import { api, dataOf } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { useTexts } from '../../texts/language.ts'
import { isAppid } from '../../ui/checks.ts'
import { Field, TextInput } from '../../ui/form.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { AccountLink } from '../accounts/account-link.tsx'
import { ErrcodeMeaning } from './errcode.tsx'
import { callTexts } from './texts.ts'

type RefusedCall = operations['listRefusedApiCalls']['responses'][200]['content']['application/json']['items'][number]

const ERRCODE = /^-?[0-9]{1,10}$/

/** With filters. */
export function RefusedCalls() {
  const texts = useTexts(callTexts)
  const [authorizer, setAuthorizer] = useState('')
  const [errcode, setErrcode] = useState('')
  const isValid = {
    authorizer: authorizer === '' || isAppid(authorizer),
    errcode: errcode === '' || ERRCODE.test(errcode),
  }
  const filter = { ...(isAppid(authorizer) ? { authorizer } : {}), ...(ERRCODE.test(errcode) ? { errcode } : {}) }
  return (
    <>
      <h2 className="part-head">{texts.refused}</h2>
      <Card>
        <div className="filters" role="search">
          <Field label={texts.account} error={isValid.authorizer ? undefined : texts.appidInvalid}>
            <TextInput value={authorizer} onChange={(value) => setAuthorizer(value.trim())} />
          </Field>
          <Field label={texts.errcode} error={isValid.errcode ? undefined : texts.errcodeInvalid}>
            <TextInput value={errcode} onChange={(value) => setErrcode(value.trim())} />
          </Field>
        </div>
      </Card>
      <RefusedCallRows filter={filter} />
    </>
  )
}

export function RefusedCallRows({
  filter,
  title,
}: {
  filter: { authorizer?: string; errcode?: string }
  title?: string
}) {
  const texts = useTexts(callTexts)
  const pages = usePages(['api-calls', filter], (page) =>
    dataOf(api.GET('/api-calls', { params: { query: { limit: '50', ...filter, ...page } } })),
  )
  return (
    <Card title={title} flush>
      <PagedRows
        label={texts.refused}
        pages={pages}
        columns={useColumns()}
        keyOf={({ requestId, at }) => `${requestId} ${at}`}
        empty={texts.none}
      />
    </Card>
  )
}

function useColumns(): Array<Column<RefusedCall>> {
  const texts = useTexts(callTexts)
  return [
    { key: 'at', head: texts.at, cell: ({ at }) => <When at={at} absolute /> },
    {
      key: 'account',
      head: texts.account,
      cell: ({ platform, authorizer }) =>
        authorizer === null ? texts.component : <AccountLink platform={platform} appid={authorizer} />,
    },
    { key: 'path', head: texts.path, isLong: true, cell: ({ path }) => <code>{path}</code> },
    { key: 'errcode', head: texts.errcode, cell: ({ errcode }) => <code>{errcode}</code> },
    { key: 'meaning', head: texts.meaning, cell: ({ errcode }) => <ErrcodeMeaning code={errcode} /> },
    { key: 'rid', head: texts.rid, isLong: true, cell: ({ rid }) => (rid === null ? null : <code>{rid}</code>) },
    { key: 'caller', head: texts.caller, cell: ({ caller }) => caller },
  ]
}
