// Owns: the card with the state of the first subscriptions.
import { type Subscription, subscriptionState, useFirstSubscriptions } from '../../api/subscription-queries.ts'
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
    { key: 'state', head: texts.state, cell: (row) => <Status of={subscriptionState(row)} /> },
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
