// Owns: the order of deliveries of events that are dispatched together: they join the order in the sequence of their
// events, even when a later event is dispatched faster.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'

export type OrderedPlace = {
  /** Announces how many deliveries will be enqueued. Call it once. */
  expect(count: number): void
  /** Resolves when Redis has the delivery. */
  enqueue(subscription: Subscription, delivery: DeliveryJob): Promise<void>
}

export type OrderedBatch = {
  place(index: number): OrderedPlace
  /** No more deliveries of this event follow. With an error, those of later events are not enqueued either. */
  ended(index: number, error?: unknown): void
}

type Enqueue = (subscription: Subscription, deliveries: readonly DeliveryJob[]) => Promise<void>
type Pending = { subscription: Subscription; delivery: DeliveryJob; resolve(): void; reject(error: unknown): void }
type Place = { expected: number | undefined; failed: boolean; pending: Pending[] }

/** Once the deliveries of all events are known, they are enqueued, in one step per subscription. */
export function createOrderedBatch(size: number, enqueue: Enqueue): OrderedBatch {
  const places = Array.from({ length: size }, (): Place => ({ expected: undefined, failed: false, pending: [] }))
  let isFlushed = false

  const isKnown = ({ expected, pending }: Place) => expected !== undefined && pending.length >= expected

  function at(index: number): Place {
    const place = places[index]
    if (place === undefined) throw new Error(`there is no place ${index}`)
    return place
  }

  function flushWhenKnown(): void {
    if (isFlushed || !places.every(isKnown)) return
    isFlushed = true
    const failed = places.findIndex((place) => place.failed)
    const before = failed === -1 ? places : places.slice(0, failed)
    const behind = failed === -1 ? [] : places.slice(failed)
    for (const { reject } of behind.flatMap(({ pending }) => pending)) reject(heldUp())
    for (const own of bySubscription(before.flatMap(({ pending }) => pending))) void enqueueOwn(own)
  }

  /** Never rejects. */
  async function enqueueOwn(own: readonly Pending[]): Promise<void> {
    const [first] = own
    if (first === undefined) return
    try {
      await enqueue(
        first.subscription,
        own.map(({ delivery }) => delivery),
      )
      for (const { resolve } of own) resolve()
    } catch (error) {
      for (const { reject } of own) reject(error)
    }
  }

  return {
    place: (index) => ({
      expect(count) {
        at(index).expected = count
        flushWhenKnown()
      },
      enqueue: (subscription, delivery) =>
        new Promise((resolve, reject) => {
          at(index).pending.push({ subscription, delivery, resolve, reject })
          flushWhenKnown()
        }),
    }),
    ended(index, error) {
      const place = at(index)
      if (error !== undefined && !isFlushed) place.failed = true
      place.expected ??= 0
      flushWhenKnown()
    },
  }
}

function bySubscription(pending: readonly Pending[]): Pending[][] {
  const lists = new Map<string, Pending[]>()
  for (const one of pending) {
    const list = lists.get(one.subscription.name) ?? []
    lists.set(one.subscription.name, list)
    list.push(one)
  }
  return [...lists.values()]
}

function heldUp(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'an earlier event of the account was not dispatched', { retry: true })
}
