// Owns: repairing the order of a subscription after a worker was killed in the middle of a step, and removing that of a
// subscription without an order.
import type { Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { DeliveryOrder } from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'

type RepairOrdersDeps = {
  platform: string
  subscriptions: Pick<Subscriptions, 'all'>
  order: Pick<DeliveryOrder, 'mend' | 'dissolve'>
  log: Log
  everyMs?: number
}

const EVERY_MS = 5_000
/**
 * Passes after a change in which a subscription without an order is checked: other processes see the change a moment
 * later.
 */
const PASSES = 2

/** A subscription without an order costs one command after each of its changes. Never rejects. */
export function startRepairingOrders({
  platform,
  subscriptions,
  order,
  log,
  everyMs = EVERY_MS,
}: RepairOrdersDeps): Repetition {
  const looked = new Map<string, { updatedAtMs: number; passes: number }>()

  async function look({ name, ordering, updatedAtMs }: Subscription): Promise<void> {
    if (ordering !== 'none') {
      looked.delete(name)
      return order.mend(name)
    }
    const known = looked.get(name)
    const passes = known?.updatedAtMs === updatedAtMs ? known.passes : 0
    if (passes === PASSES) return
    await order.dissolve(name)
    looked.set(name, { updatedAtMs, passes: passes + 1 })
  }

  return repeat({ firstMs: everyMs, everyMs }, async () => {
    try {
      for (const subscription of await subscriptions.all()) await look(subscription)
    } catch (error) {
      // Readiness reports that Redis is away.
      if (!isStoreAway(error)) log.warn({ err: error, platform }, 'orders.not_mended')
    }
  })
}
