// Owns: which deliveries to queues and streams are written at once although their subscription has an order: those
// whose key has no pending delivery.
import { compileMatcher, type DeliveryJob, type GatewayEvent, orderingKey, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import { type DeliveryOrder, type SinkWriter, unlessRightMissing } from '@wxgw/redis'
import { type Clock, isStoreAway } from '@wxgw/wechat-core'
import { concludeWritten, type DeliverOnceDeps } from '../attempt/deliver-once.ts'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { recordState, type StateDeps } from '../attempt/record-state.ts'
import { isHeldBack } from '../fan-out/first-attempt.ts'

export type MayWrite = (subscription: Subscription, event: GatewayEvent) => boolean

export type WriteInOrderDeps = StateDeps & {
  order: Pick<DeliveryOrder, 'occupied'>
  writer: Pick<SinkWriter, 'writeInOrder'>
  subscriptions: Pick<Subscriptions, 'all'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'isOpen'>
  onAttempt: DeliverOnceDeps['onAttempt']
  clock: Clock
}

/** Of events of one account, for a caller that alone dispatches them. Rejects with STORE_UNAVAILABLE. */
export async function findWritable(deps: WriteInOrderDeps, events: readonly GatewayEvent[]): Promise<MayWrite> {
  const { order, subscriptions, health } = deps
  const matcher = compileMatcher(await subscriptions.all())
  const keysOf = new Map<string, Set<string>>()
  for (const event of events) {
    for (const subscription of matcher(event)) {
      const key = orderingKey(subscription, event)
      const { name, sink } = subscription
      if (key === undefined || sink.kind === 'webhook' || isHeldBack(subscription) || health.isOpen(name)) continue
      const keys = keysOf.get(name) ?? new Set()
      keysOf.set(name, keys.add(key))
    }
  }
  const free = new Map<string, Set<string>>()
  const find = async ([name, keys]: [string, Set<string>]) => {
    const occupied = await unlessRightMissing(
      () => order.occupied(name, [...keys]),
      () => keys,
    )
    free.set(name, new Set([...keys].filter((key) => !occupied.has(key))))
  }
  await Promise.all([...keysOf].map(find))
  return (subscription, event) => {
    const key = orderingKey(subscription, event)
    return key !== undefined && !isHeldBack(subscription) && free.get(subscription.name)?.has(key) === true
  }
}

/**
 * Writes deliveries that the recording step did not reach, in one step per subscription. Answers those that were
 * written: all or none.
 */
export async function writeInOrder(
  deps: WriteInOrderDeps,
  { name, sink }: Subscription,
  deliveries: readonly DeliveryJob[],
): Promise<readonly DeliveryJob[]> {
  const { writer, clock, log } = deps
  if (sink.kind === 'webhook' || deliveries.length === 0) return []
  const startedAtMs = clock.nowMs()
  try {
    await writer.writeInOrder(sink, deliveries)
  } catch (error) {
    // The subscription's queue tries again and judges the result: the sink may refuse, or its master may be away.
    if (!isStoreAway(error)) log.warn({ subscription: name, err: error }, 'delivery.postponed')
    return []
  }
  const deliveredAtMs = clock.nowMs()
  const made = { attempt: 1, outcome: 'delivered', startedAtMs, durationMs: deliveredAtMs - startedAtMs } as const
  concludeWritten(
    deps,
    deliveries.map(() => name),
  )
  const about = { subscription: name, status: 'delivered', attempts: 1, deliveredAtMs, made } as const
  await Promise.all(deliveries.map(({ event }) => recordState(deps, { event, ...about })))
  return deliveries
}
