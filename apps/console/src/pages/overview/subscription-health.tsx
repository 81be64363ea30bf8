// Owns: the subscriptions' health at a glance: the first of them, the rest is on their own page.
import { type Subscription, useFirstSubscriptions } from '../../api/subscription-queries.ts'
import { hrefOf } from '../../routing/route.ts'
import { useSession } from '../../session/session.ts'
import { useTexts } from '../../texts/language.ts'
import { Status } from '../../ui/badge.tsx'
import { Loaded } from '../../ui/loaded.tsx'
import { Card } from '../../ui/page.tsx'
import { type Column, Rows } from '../../ui/rows.tsx'
import { overviewTexts } from './texts.ts'

export function SubscriptionHealth() {
  const texts = useTexts(overviewTexts)
  const first = useFirstSubscriptions()
  return (
    <Card title={texts.health} flush>
      <Loaded query={first}>{({ items }) => <HealthRows items={items} />}</Loaded>
    </Card>
  )
}

function HealthRows({ items }: { items: readonly Subscription[] }) {
  const texts = useTexts(overviewTexts)
  const { platform } = useSession()
  const columns: Array<Column<Subscription>> = [
    {
      key: 'name',
      head: texts.subscription,
      cell: ({ name }) => <a href={hrefOf([platform, 'subscriptions', name])}>{name}</a>,
    },
    {
      key: 'sink',
      head: texts.sink,
      isLong: true,
      cell: ({ sink }) => (sink.kind === 'webhook' ? sink.url : texts.kinds[sink.kind]),
    },
    { key: 'state', head: texts.state, cell: (row) => <Status of={stateOf(row)} /> },
  ]
  return (
    <Rows
      label={texts.health}
      columns={columns}
      rows={items}
      keyOf={({ name }) => name}
      empty={texts.noSubscriptions}
    />
  )
}

function stateOf({ enabled, paused }: Subscription): string {
  if (!enabled) return 'disabled'
  return paused ? 'paused' : 'enabled'
}
