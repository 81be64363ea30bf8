// Owns: the card of pushes refused in the last hour, by code.
import { useRefusedPushCounts } from '../../api/refused-pushes.ts'
import type { operations } from '../../api/schema.ts'
import { useTexts } from '../../texts/language.ts'
import { Loaded } from '../../ui/loaded.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { When } from '../../ui/when.tsx'
import { diagnosisTexts } from './texts.ts'

type RefusedCount = operations['listRefusedPushes']['responses'][200]['content']['application/json']['items'][number]

export function RefusedPushes() {
  const texts = useTexts(diagnosisTexts)
  const query = useRefusedPushCounts()
  const columns: Array<Column<RefusedCount>> = [
    { key: 'code', head: texts.code, cell: ({ code }) => <code>{code}</code> },
    { key: 'count', head: texts.count, isNumber: true, cell: ({ count1h }) => count1h.toLocaleString() },
    { key: 'last', head: texts.last, cell: ({ lastAt }) => <When at={lastAt} /> },
    {
      key: 'address',
      head: texts.address,
      cell: ({ lastAddress }) => (lastAddress === null ? null : <code>{lastAddress}</code>),
    },
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
