// Owns: the deliveries of an event as callers see them: those to visible subscriptions, with the status of the event
// log, or `paused` while the subscription is paused.
import type { DeliveryState, DeliveryStatus, Subscription } from '@wxgw/contracts'
import type { EventFilter } from '@wxgw/platform'

type ShownStatus = DeliveryStatus | 'paused'

const WAITING: readonly DeliveryStatus[] = ['pending', 'retrying']

/** `only`: the visible subscriptions; undefined = all. */
type Sight = { subscriptions: readonly Subscription[]; only: ReadonlySet<string> | undefined }

export function createDeliveriesView({ subscriptions, only }: Sight) {
  const paused = new Set(subscriptions.filter(isPaused).map(({ name }) => name))
  return (deliveries: readonly DeliveryState[]) =>
    deliveries
      .filter(({ subscription }) => only?.has(subscription) ?? true)
      .map((delivery) => {
        const isHeld = WAITING.includes(delivery.status) && paused.has(delivery.subscription)
        return isHeld ? { ...delivery, status: 'paused' as const } : delivery
      })
}

/** undefined: the search is not about deliveries. */
export function deliveryFilter(
  { subscription, status }: { subscription?: string; status?: ShownStatus },
  { subscriptions, only }: Sight,
): EventFilter['delivery'] {
  if (subscription === undefined && status === undefined) return undefined
  const known = subscriptions.filter(({ name }) => subscription === undefined || name === subscription)
  const named = subscription === undefined ? known.map(({ name }) => name) : [subscription]
  const names = named.filter((name) => only?.has(name) ?? true)
  if (status === undefined) return { subscriptions: names }
  const paused = new Set(known.filter(isPaused).map(({ name }) => name))
  if (status === 'paused') return { subscriptions: names.filter((name) => paused.has(name)), statuses: WAITING }
  return {
    subscriptions: WAITING.includes(status) ? names.filter((name) => !paused.has(name)) : names,
    statuses: [status],
  }
}

function isPaused({ enabled, paused }: Subscription): boolean {
  return enabled && paused
}
