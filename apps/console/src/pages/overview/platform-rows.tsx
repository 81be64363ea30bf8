// Owns: the card that compares the caller's platforms: problems and sums of the last hour.
import { useQueries } from '@tanstack/react-query'
import { lastHour } from '../../api/last-hour.ts'
import { hrefOf } from '../../routing/route.ts'
import { isGranted, useSession } from '../../session/session.ts'
import { consoleTexts } from '../../texts/console.ts'
import { useTexts } from '../../texts/language.ts'
import { Badge } from '../../ui/badge.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { useDiagnosis } from './failed-checks.ts'
import { overviewTexts } from './texts.ts'

/** Bounds the requests: one a minute for each platform. */
const MAX_PLATFORMS = 20

type Row = {
  id: string
  problems: number | undefined
  sums: { pushes: number; delivered: number; failed: number; refreshed: number } | undefined
}

export function PlatformRows() {
  const { session } = useSession()
  const texts = useTexts(overviewTexts)
  const common = useTexts(consoleTexts)
  const ids = session.platforms.slice(0, MAX_PLATFORMS)
  const hours = useQueries({
    queries: ids.map((id) => ({
      ...lastHour(id),
      enabled: isGranted(session, id, { action: 'events:read', whole: true }),
    })),
  })
  const { data } = useDiagnosis()
  const rows = ids.map((id, index): Row => {
    const items = hours[index]?.data?.items
    const sum = (name: 'pushes' | 'delivered' | 'failed' | 'refreshed') =>
      (items ?? []).reduce((total, sums) => total + sums[name], 0)
    return {
      id,
      problems: data?.checks.filter(({ platform, status }) => platform === id && status !== 'ok').length,
      sums: items && {
        pushes: sum('pushes'),
        delivered: sum('delivered'),
        failed: sum('failed'),
        refreshed: sum('refreshed'),
      },
    }
  })
  const count = (key: keyof NonNullable<Row['sums']>, head: string): Column<Row> => ({
    key,
    head,
    isNumber: true,
    cell: ({ sums }) => sums?.[key].toLocaleString() ?? '–',
  })
  const columns: Array<Column<Row>> = [
    { key: 'id', head: common.platform, cell: ({ id }) => <a href={hrefOf([id, 'overview'])}>{id}</a> },
    {
      key: 'problems',
      head: texts.problems,
      cell: ({ problems }) =>
        problems === undefined ? (
          '–'
        ) : (
          <Badge tone={problems === 0 ? 'good' : 'bad'}>{problems === 0 ? '✓' : problems}</Badge>
        ),
    },
    count('pushes', texts.pushes),
    count('delivered', texts.delivered),
    count('failed', texts.failed),
    count('refreshed', texts.refreshed),
  ]
  return (
    <Card title={texts.platforms} flush>
      <Rows label={texts.platforms} columns={columns} rows={rows} keyOf={({ id }) => id} />
    </Card>
  )
}
