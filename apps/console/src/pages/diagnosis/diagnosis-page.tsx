// Owns: what the gateway finds wrong with itself and what to do about it; the pushes that it refused.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'tdesign-react/es/button'
import { answered, api } from '../../api/client.ts'
import { useRefusedPushCounts } from '../../api/refused-pushes.ts'
import type { operations } from '../../api/schema.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { diagnosisTexts } from './texts.ts'

type Check = operations['getDiagnosis']['responses'][200]['content']['application/json']['checks'][number]
type RefusedCount = operations['listRefusedPushes']['responses'][200]['content']['application/json']['items'][number]

const TONE = { problem: 'bad', warning: 'warn', ok: 'good' } as const
const RANK = { problem: 0, warning: 1, ok: 2 }

export function DiagnosisPage() {
  const texts = useTexts(diagnosisTexts)
  const all = useTexts(consoleTexts)
  const { may } = useSession()
  const query = useQuery({ queryKey: ['diagnosis'], queryFn: () => answered(api.GET('/diagnosis', {})) })
  // Not beside the first answer's wait: a button that is loading has too little contrast.
  const again = query.data ? <Button onClick={() => void query.refetch()}>{texts.again}</Button> : null
  return (
    <Page title={all.diagnosis} name={all.diagnosis} lead={texts.lead} actions={again}>
      <Card title={texts.checks} flush>
        <Loaded query={query}>{({ checks }) => <Checks checks={checks} />}</Loaded>
      </Card>
      {may({ action: 'events:read', whole: true }) ? <RefusedPushes /> : null}
    </Page>
  )
}

function Checks({ checks }: { checks: readonly Check[] }) {
  const texts = useTexts(diagnosisTexts)
  const language = useLanguage()
  const columns: Array<Column<Check>> = [
    { key: 'id', head: texts.check, cell: ({ id }) => <code>{id}</code> },
    { key: 'status', head: texts.result, cell: ({ status }) => <Badge tone={TONE[status]}>{texts.status[status]}</Badge> },
    { key: 'what', head: texts.found, cell: ({ status, what }) => (status === 'ok' ? '–' : what) },
    { key: 'next', head: texts.whatToDo, cell: ({ whatToDo }) => whatToDo?.[language] ?? '–' },
  ]
  const rows = checks.toSorted((left, right) => RANK[left.status] - RANK[right.status])
  return <Rows label={texts.checks} columns={columns} rows={rows} keyOf={({ id }) => id} />
}

function RefusedPushes() {
  const texts = useTexts(diagnosisTexts)
  const query = useRefusedPushCounts()
  const columns: Array<Column<RefusedCount>> = [
    { key: 'code', head: texts.code, cell: ({ code }) => <code>{code}</code> },
    { key: 'count', head: texts.count, isNumber: true, cell: ({ count1h }) => count1h.toLocaleString() },
    { key: 'last', head: texts.last, cell: ({ lastAt }) => <When at={lastAt} /> },
    { key: 'address', head: texts.address, cell: ({ lastAddress }) => <code>{lastAddress ?? '–'}</code> },
  ]
  return (
    <Card title={texts.refused} flush>
      <Loaded query={query}>
        {({ items }) => (
          <Rows
            label={texts.refused}
            columns={columns}
            rows={items.filter(({ count1h }) => count1h > 0)}
            keyOf={({ code }) => code}
            empty={texts.noneRefused}
          />
        )}
      </Loaded>
    </Card>
  )
}
