// Owns: the calls that WeChat refused lately, each errcode explained.
import { useState } from 'react'
import { answered, api } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Field, TextInput } from '../../ui/form.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, PagedRows, usePages } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { isAppid } from './call-draft.ts'
import { ErrcodeMeaning } from './errcode.tsx'
import { callTexts } from './texts.ts'

type RefusedCall = operations['listRefusedApiCalls']['responses'][200]['content']['application/json']['items'][number]

const ERRCODE = /^-?[0-9]{1,10}$/

/** Of all, with filters. */
export function RefusedCalls() {
  const texts = useTexts(callTexts)
  const [authorizer, setAuthorizer] = useState('')
  const [errcode, setErrcode] = useState('')
  const isWhole = {
    authorizer: authorizer === '' || isAppid(authorizer),
    errcode: errcode === '' || ERRCODE.test(errcode),
  }
  const filter = { ...(isAppid(authorizer) ? { authorizer } : {}), ...(ERRCODE.test(errcode) ? { errcode } : {}) }
  return (
    <>
      <h2 className="part-head">{texts.refused}</h2>
      <Card>
        <div className="filters" role="search">
          <Field label={texts.account} error={isWhole.authorizer ? undefined : texts.appidWrong}>
            <TextInput value={authorizer} onChange={(value) => setAuthorizer(value.trim())} />
          </Field>
          <Field label={texts.errcode} error={isWhole.errcode ? undefined : texts.errcodeWrong}>
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
  const pages = usePages(['api-calls', filter], (cursor) => {
    const query = { limit: '50', ...filter, ...(cursor === undefined ? {} : { cursor }) }
    return answered(api.GET('/api-calls', { params: { query } }))
  })
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
  const { platform: shown } = useSession()
  const texts = useTexts(callTexts)
  return [
    { key: 'at', head: texts.at, cell: ({ at }) => <When at={at} absolute /> },
    {
      key: 'account',
      head: texts.account,
      cell: ({ platform, authorizer }) =>
        authorizer === null ? (
          texts.component
        ) : (
          <a href={hrefOf([platform || shown, 'accounts', authorizer])}>
            <code>{authorizer}</code>
          </a>
        ),
    },
    { key: 'path', head: texts.path, isLong: true, cell: ({ path }) => <code>{path}</code> },
    { key: 'errcode', head: texts.errcode, cell: ({ errcode }) => <code>{errcode}</code> },
    { key: 'meaning', head: texts.meaning, cell: ({ errcode }) => <ErrcodeMeaning code={errcode} /> },
    { key: 'rid', head: texts.rid, isLong: true, cell: ({ rid }) => (rid === null ? null : <code>{rid}</code>) },
    { key: 'caller', head: texts.caller, cell: ({ caller }) => caller },
  ]
}
