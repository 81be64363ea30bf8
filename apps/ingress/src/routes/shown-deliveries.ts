// Owns: the status of a delivery as callers see it: what the event log knows, and `paused` for what waits behind a
// paused subscription.
import type { DeliveryState, DeliveryStatus, Subscription } from '@wxgw/contracts'
import type { EventFilter } from '@wxgw/platform'

export type ShownStatus = DeliveryStatus | 'paused'

const WAITING: readonly DeliveryStatus[] = ['pending', 'retrying']

export function createDeliveriesView(subscriptions: readonly Subscription[]) {
  const paused = new Set(subscriptions.filter(isPaused).map(({ name }) => name))
  return (deliveries: readonly DeliveryState[]) =>
    deliveries.map((delivery) => {
      const isHeld = WAITING.includes(delivery.status) && paused.has(delivery.subscription)
      return isHeld ? { ...delivery, status: 'paused' as const } : delivery
    })
}

/** undefined: the search is not about deliveries. */
export function deliveryFilter(
  { subscription, status }: { subscription?: string; status?: ShownStatus },
  subscriptions: readonly Subscription[],
): EventFilter['delivery'] {
  if (subscription === undefined && status === undefined) return undefined
  const known = subscriptions.filter(({ name }) => subscription === undefined || name === subscription)
  const names = subscription === undefined ? known.map(({ name }) => name) : [subscription]
  if (status === undefined) return { subscriptions: names }
  const paused = new Set(known.filter(isPaused).map(({ name }) => name))
  if (status === 'paused') return { subscriptions: [...paused], statuses: WAITING }
  return {
    subscriptions: WAITING.includes(status) ? names.filter((name) => !paused.has(name)) : names,
    statuses: [status],
  }
}

function isPaused({ enabled, paused }: Subscription): boolean {
  return enabled && paused
}
