// Owns: the diagnosis page: each check with what to do, refused pushes, the release check, the settings.
import { useQuery } from '@tanstack/react-query'
import { Button } from 'tdesign-react/es/button'
import { api, dataOf } from '../../api/client.ts'
import type { operations } from '../../api/schema.ts'
import { useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useLanguage, useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Json } from '../../ui/json.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { RefusedPushes } from './refused-pushes.tsx'
import { ReleaseCheck } from './release-check.tsx'
import { diagnosisTexts } from './texts.ts'

type Check = operations['getDiagnosis']['responses'][200]['content']['application/json']['checks'][number]

const TONE = { problem: 'bad', warning: 'warn', ok: 'good' } as const
const RANK = { problem: 0, warning: 1, ok: 2 } as const

export function DiagnosisPage() {
  const texts = useTexts(diagnosisTexts)
  const common = useTexts(consoleTexts)
  const { may } = useSession()
  const query = useQuery({ queryKey: ['diagnosis'], queryFn: () => dataOf(api.GET('/diagnosis', {})) })
  // Hidden while the first answer loads: a loading button has too little contrast.
  const again = query.data ? <Button onClick={() => void query.refetch()}>{texts.again}</Button> : null
  return (
    <Page title={common.diagnosis} name={common.diagnosis} lead={texts.lead} actions={again}>
      <Card title={texts.checks} flush>
        <Loaded query={query}>{({ checks }) => <Checks checks={checks} />}</Loaded>
      </Card>
      {may({ action: 'events:read', whole: true }) ? <RefusedPushes /> : null}
      <ReleaseCheck />
      {query.data ? (
        <Card title={texts.settings}>
          <p className="muted">{texts.settingsLead}</p>
          <Json of={query.data.settings} />
        </Card>
      ) : null}
    </Page>
  )
}

function Checks({ checks }: { checks: readonly Check[] }) {
  const texts = useTexts(diagnosisTexts)
  const language = useLanguage()
  const { session } = useSession()
  const hasOnePlatform = session.platforms.length === 1
  const columns: Array<Column<Check>> = [
    {
      key: 'title',
      head: texts.check,
      cell: ({ title, platform }) => (
        <>
          {title[language]} {platform && !hasOnePlatform ? <code>{platform}</code> : null}
        </>
      ),
    },
    {
      key: 'status',
      head: texts.result,
      cell: ({ status }) => <Badge tone={TONE[status]}>{texts.status[status]}</Badge>,
    },
    { key: 'what', head: texts.found, cell: ({ what }) => what[language] },
    {
      key: 'next',
      head: texts.whatToDo,
      cell: ({ whatToDo }) => (whatToDo ? <strong>{whatToDo[language]}</strong> : null),
    },
  ]
  const failed = checks
    .filter(({ status }) => status !== 'ok')
    .toSorted((left, right) => RANK[left.status] - RANK[right.status])
  const passed = checks.filter(({ status }) => status === 'ok')
  const columnsOfPassed = columns.filter(({ key }) => key !== 'next')
  const rows = { keyOf: ({ id }: Check) => id }
  return (
    <>
      <Rows label={texts.checks} rows={failed} columns={columns} empty={texts.allPassed} {...rows} />
      <details className="folded">
        <summary>{texts.passed(passed.length)}</summary>
        <Rows label={texts.passed(passed.length)} rows={passed} columns={columnsOfPassed} {...rows} />
      </details>
    </>
  )
}
