// Owns: putting deliveries of ordered subscriptions into their queues: first into the order, then as jobs.
import { type DeliveryJob, orderingKey, type Subscription } from '@wxgw/contracts'
import { type DeliveryOrder, type DeliveryQueue, WAITS_MS } from '@wxgw/redis'

export type OrderedDeliveries = {
  /** In the order of the list, behind all that is there. Safe to repeat. Rejects with STORE_UNAVAILABLE. */
  enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void>
}

export type OrderedDeliveriesDeps = {
  order: Pick<DeliveryOrder, 'join' | 'settle'>
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
}

export function createOrderedDeliveries({ order, enqueueDelivery }: OrderedDeliveriesDeps): OrderedDeliveries {
  return {
    async enqueue(subscription, deliveries) {
      const { name } = subscription
      const places = deliveries.map(({ event, deliveryId }) => ({ key: orderingKey(subscription, event) ?? '', deliveryId }))
      const firsts = await order.join(name, places)
      await Promise.all(deliveries.map((job, index) => enqueueDelivery(job, firsts[index] ? {} : { delayMs: WAITS_MS })))
      await order.settle(name, places)
    },
  }
}
