// Owns: repairing the order of a subscription after a worker was killed in the middle of a step, and removing that of
// a subscription whose `ordering` was turned off.
import type { Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import { type DeliveryOrder, unlessRightMissing } from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'

type RepairOrdersDeps = {
  platform: string
  subscriptions: Pick<Subscriptions, 'all'>
  order: Pick<DeliveryOrder, 'repair' | 'remove'>
  log: Log
  everyMs?: number
}

const EVERY_MS = 5_000
/** Checks of a subscription without an order after each of its changes: other processes see the change later. */
const CHECKS = 2

/** A subscription without an order costs two commands after each of its changes. Never rejects. */
export function startRepairingOrders({
  platform,
  subscriptions,
  order,
  log,
  everyMs = EVERY_MS,
}: RepairOrdersDeps): Repetition {
  const checked = new Map<string, { updatedAtMs: number; times: number }>()

  async function check({ name, ordering, updatedAtMs }: Subscription): Promise<void> {
    if (ordering !== 'none') {
      checked.delete(name)
      return order.repair(name)
    }
    const known = checked.get(name)
    const times = known?.updatedAtMs === updatedAtMs ? known.times : 0
    if (times === CHECKS) return
    await order.remove(name)
    checked.set(name, { updatedAtMs, times: times + 1 })
  }

  return repeat({ firstMs: everyMs, everyMs }, async () => {
    try {
      for (const subscription of await subscriptions.all()) {
        await unlessRightMissing(
          () => check(subscription),
          (err) => log.warn({ err, platform, subscription: subscription.name }, 'orders.not_repaired'),
        )
      }
    } catch (error) {
      // Readiness reports that Redis is away.
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'orders.not_repaired')
    }
  })
}
