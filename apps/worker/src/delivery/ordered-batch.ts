// Owns: that deliveries of events which are dispatched together go into their subscriptions' order as their events stand, however long each
// event took until then.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'

export type OrderedPlace = {
  /** So many deliveries will be handed over. To be called once. */
  expect(count: number): void
  /** Resolves when the store has it. */
  hand(subscription: Subscription, delivery: DeliveryJob): Promise<void>
}

export type OrderedBatch = {
  place(index: number): OrderedPlace
  /** The event went no further; nothing will be handed over for it. With an error: nothing of later events either. */
  ended(index: number, error?: unknown): void
}

type Enqueue = (subscription: Subscription, deliveries: readonly DeliveryJob[]) => Promise<void>
type Handed = { subscription: Subscription; delivery: DeliveryJob; resolve(): void; reject(error: unknown): void }
type Place = { expected: number | undefined; failed: boolean; handed: Handed[] }

/** When all places are known, what was handed over is enqueued, in one go for each subscription. */
export function createOrderedBatch(size: number, enqueue: Enqueue): OrderedBatch {
  const places = Array.from({ length: size }, (): Place => ({ expected: undefined, failed: false, handed: [] }))
  let isFlushed = false

  const isKnown = ({ expected, handed }: Place) => expected !== undefined && handed.length >= expected

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
    for (const { handed } of failed === -1 ? [] : places.slice(failed)) for (const { reject } of handed) reject(heldUp())
    for (const own of bySubscription(before.flatMap(({ handed }) => handed))) void enqueueOwn(own)
  }

  /** Never rejects. */
  async function enqueueOwn(own: readonly Handed[]): Promise<void> {
    const [first] = own
    if (first === undefined) return
    try {
      await enqueue(first.subscription, own.map(({ delivery }) => delivery))
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
      hand: (subscription, delivery) =>
        new Promise((resolve, reject) => {
          at(index).handed.push({ subscription, delivery, resolve, reject })
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

function bySubscription(handed: readonly Handed[]): Handed[][] {
  const lists = new Map<string, Handed[]>()
  for (const one of handed) {
    const list = lists.get(one.subscription.name) ?? []
    lists.set(one.subscription.name, list)
    list.push(one)
  }
  return [...lists.values()]
}

function heldUp(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'an earlier event of the account was not dispatched', { retry: true })
}
