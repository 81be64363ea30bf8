// Owns: the order of events of one account that are dispatched together: they are recorded, and their deliveries
// enqueued, in the sequence of the events, even when a later event is dispatched faster.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import type { EventLog, EventToRecord } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'

export type OrderedPlace = {
  /** Whether Redis may write a delivery of the event to this subscription in the step that records the event. */
  mayWrite(subscription: Subscription): boolean
  /** As EventLog.record, behind the earlier events. */
  record: EventLog['record']
  /** Announces how many deliveries will be enqueued. Call it once. */
  expect(count: number): void
  /** Resolves when Redis has the delivery, or the consumer. */
  enqueue(subscription: Subscription, delivery: DeliveryJob): Promise<void>
}

export type OrderedBatch = {
  place(index: number): OrderedPlace
  /** No more of this event follows. With an error, later events are not recorded or enqueued either. */
  ended(index: number, error?: unknown): void
}

export type OrderedBatchDeps = {
  record: EventLog['recordInOrder']
  mayWrite(index: number, subscription: Subscription): boolean
  enqueue(subscription: Subscription, deliveries: readonly DeliveryJob[]): Promise<void>
}

type Waiting<Answer> = { resolve(answer: Answer): void; reject(error: unknown): void }
type Recording = EventToRecord & Waiting<readonly string[] | undefined>
type Pending = { subscription: Subscription; delivery: DeliveryJob } & Waiting<void>
type Place = {
  recording: Recording | undefined
  expected: number | undefined
  pending: Pending[]
  hasEnded: boolean
  hasFailed: boolean
}

/** All events are recorded when each has come to that, and all deliveries enqueued when each is known. */
export function createOrderedBatch(size: number, { record, mayWrite, enqueue }: OrderedBatchDeps): OrderedBatch {
  const places = Array.from({ length: size }, (): Place => {
    return { recording: undefined, expected: undefined, pending: [], hasEnded: false, hasFailed: false }
  })
  let isRecorded = false
  let isEnqueued = false

  function at(index: number): Place {
    const place = places[index]
    if (place === undefined) throw new Error(`there is no place ${index}`)
    return place
  }

  /** What stands before the first failed event. The rest is rejected. */
  function beforeFailure<Item extends Waiting<never>>(itemsOf: (place: Place) => readonly Item[]): Item[] {
    const failed = places.findIndex(({ hasFailed }) => hasFailed)
    const end = failed === -1 ? size : failed
    for (const { reject } of places.slice(end).flatMap(itemsOf)) reject(heldUp())
    return places.slice(0, end).flatMap(itemsOf)
  }

  function proceed(): void {
    if (!isRecorded && places.every(({ recording, hasEnded }) => recording !== undefined || hasEnded)) {
      isRecorded = true
      void recordAll(beforeFailure(({ recording }) => (recording === undefined ? [] : [recording])))
    }
    if (!isEnqueued && places.every(({ expected, pending }) => expected !== undefined && pending.length >= expected)) {
      isEnqueued = true
      for (const own of bySubscription(beforeFailure(({ pending }) => pending))) void enqueueOwn(own)
    }
  }

  /** Never rejects. */
  async function recordAll(recordings: readonly Recording[]): Promise<void> {
    if (recordings.length === 0) return
    try {
      const answers = await record(recordings)
      recordings.forEach(({ resolve, reject }, index) => {
        const answer = answers[index]
        if (answer instanceof Error) reject(answer)
        else resolve(answer)
      })
    } catch (error) {
      for (const { reject } of recordings) reject(error)
    }
  }

  /** Never rejects. */
  async function enqueueOwn(own: readonly Pending[]): Promise<void> {
    const [first] = own
    if (first === undefined) return
    const deliveries = own.map(({ delivery }) => delivery)
    try {
      await enqueue(first.subscription, deliveries)
      for (const { resolve } of own) resolve()
    } catch (error) {
      for (const { reject } of own) reject(error)
    }
  }

  return {
    place: (index) => ({
      mayWrite: (subscription) => mayWrite(index, subscription),
      // oxlint-disable-next-line max-params -- as EventLog.record
      record: (event, receivedAtMs, subscriptions, options = {}) =>
        new Promise((resolve, reject) => {
          at(index).recording = { event, receivedAtMs, subscriptions, options, resolve, reject }
          proceed()
        }),
      expect(count) {
        at(index).expected = count
        proceed()
      },
      enqueue: (subscription, delivery) =>
        new Promise((resolve, reject) => {
          at(index).pending.push({ subscription, delivery, resolve, reject })
          proceed()
        }),
    }),
    ended(index, error) {
      const place = at(index)
      if (error !== undefined && !isEnqueued) place.hasFailed = true
      place.hasEnded = true
      place.expected ??= 0
      proceed()
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
