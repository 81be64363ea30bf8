// Owns: enqueueing deliveries of ordered subscriptions: first into the order, then as jobs. A delivery to a consumer's
// queue or stream is written without a job when no delivery of its key is pending.
import { type DeliveryJob, orderingKey, type Subscription } from '@wxgw/contracts'
import { type DeliveryOrder, type DeliveryQueue, type SinkWriter, WAITS_MS } from '@wxgw/redis'
import { type Clock, isStoreAway } from '@wxgw/wechat-core'
import { concludeWritten, type DeliverOnceDeps } from '../attempt/deliver-once.ts'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { recordState, type StateDeps } from '../attempt/record-state.ts'
import { isHeldBack } from '../fan-out/first-attempt.ts'

export type OrderedDeliveries = {
  /** Appends the deliveries to the order. Safe to repeat. Rejects with STORE_UNAVAILABLE. */
  enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void>
  /**
   * The same for first deliveries, when only one caller at a time has those of the account. Deliveries to a queue or a
   * stream whose key has no pending delivery are written in one step.
   */
  dispatch(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void>
}

export type OrderedDeliveriesDeps = StateDeps & {
  order: Pick<DeliveryOrder, 'join' | 'settle' | 'occupied'>
  writer: Pick<SinkWriter, 'writeInOrder'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'isOpen'>
  onAttempt: DeliverOnceDeps['onAttempt']
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  clock: Clock
}

export function createOrderedDeliveries(deps: OrderedDeliveriesDeps): OrderedDeliveries {
  const { order, writer, enqueueDelivery, health, clock, log } = deps

  async function enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void> {
    if (deliveries.length === 0) return
    const { name } = subscription
    const places = deliveries.map((delivery) => ({
      key: keyOf(subscription, delivery),
      deliveryId: delivery.deliveryId,
    }))
    const firsts = await order.join(name, places)
    await Promise.all(deliveries.map((job, index) => enqueueDelivery(job, firsts[index] ? {} : { delayMs: WAITS_MS })))
    await order.settle(name, places)
  }

  /** Answers the deliveries that were written. Rejects with STORE_UNAVAILABLE when the order cannot be read. */
  async function write(
    subscription: Subscription,
    deliveries: readonly DeliveryJob[],
  ): Promise<readonly DeliveryJob[]> {
    const { name, sink } = subscription
    if (sink.kind === 'webhook' || isHeldBack(subscription) || health.isOpen(name)) return []
    const keys = [...new Set(deliveries.map((delivery) => keyOf(subscription, delivery)))]
    const occupied = await order.occupied(name, keys)
    const free = deliveries.filter((delivery) => !occupied.has(keyOf(subscription, delivery)))
    if (free.length === 0) return []
    const startedAtMs = clock.nowMs()
    try {
      await writer.writeInOrder(sink, free)
    } catch (error) {
      // The subscription's queue tries again and judges the result: the sink may refuse, or its master may be away.
      if (!isStoreAway(error)) log.warn({ subscription: name, err: error }, 'delivery.postponed')
      return []
    }
    const deliveredAtMs = clock.nowMs()
    const durationMs = deliveredAtMs - startedAtMs
    const made = { attempt: 1, outcome: 'delivered', startedAtMs, durationMs } as const
    concludeWritten(
      deps,
      free.map(() => name),
    )
    const about = { subscription: name, status: 'delivered', attempts: 1, deliveredAtMs, made } as const
    await Promise.all(free.map(({ event }) => recordState(deps, { event, ...about })))
    return free
  }

  return {
    enqueue,
    async dispatch(subscription, deliveries) {
      const written = new Set(await write(subscription, deliveries))
      await enqueue(
        subscription,
        deliveries.filter((delivery) => !written.has(delivery)),
      )
    },
  }
}

function keyOf(subscription: Subscription, { event }: DeliveryJob): string {
  return orderingKey(subscription, event) ?? ''
}
