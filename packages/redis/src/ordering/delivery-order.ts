// Owns: which delivery of a key may be attempted: the first in its order. The others wait as parked jobs in the
// subscription's queue, and are promoted when all before them have ended.
import { createHash } from 'node:crypto'
import { createBatches } from '../batches.ts'
import { jobStates, promoteJob, promoteParked } from '../bullmq-format/job-states.ts'
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, orderKey, orderPlacesKey } from '../keys.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { enterAll, joinAll, leaveAll, repairOrder, occupiedKeys, settleAll } from './order-scripts.ts'

/**
 * `key` as orderingKey gives it. `deliveryId`: the id of the delivery's job, which a dead letter keeps when it is sent
 * again.
 */
export type OrderedDelivery = { key: string; deliveryId: string }

/**
 * How long a failing delivery has held its key, when that was last checked, when the delivery is retried, and its
 * error.
 */
export type HoldingClock = { heldMs: number; checkedAtMs: number; dueAtMs: number; lastError: string }

/** `alone`: the first of its key, and without a job: whoever has joined it may attempt it. */
export type JoinedPlace = 'behind' | 'first' | 'alone'

export type DeliveryOrder = {
  /**
   * Appends each delivery to the order of its key, unless it is there already. A first one whose job was lost or has
   * failed is skipped.
   */
  join(subscription: string, deliveries: readonly OrderedDelivery[]): Promise<readonly JoinedPlace[]>
  /** Which of the keys have a pending delivery. */
  occupied(subscription: string, keys: readonly string[]): Promise<ReadonlySet<string>>
  /**
   * Call it after the jobs were added. A delivery that has become the first meanwhile is promoted; one without a job,
   * because it was delivered before, is skipped.
   */
  settle(subscription: string, deliveries: readonly OrderedDelivery[]): Promise<void>
  /**
   * As `join`, for one delivery that is about to be attempted, with its clock. If another one is the first and parked,
   * it is promoted.
   */
  enter(subscription: string, delivery: OrderedDelivery): Promise<{ isFirst: boolean; clock: HoldingClock | undefined }>
  /** The delivery failed, will be retried, and holds its key. */
  hold(subscription: string, deliveryId: string, clock: HoldingClock): Promise<void>
  /** The delivery has ended. The next one of its key is promoted, when it is parked. Safe to repeat. */
  leave(subscription: string, delivery: OrderedDelivery): Promise<void>
  /** Skips first deliveries whose job is gone, and promotes those that are parked although they are the first. */
  repair(subscription: string): Promise<void>
  /** Removes the order of the subscription: all parked deliveries are promoted. */
  remove(subscription: string): Promise<void>
}

/** Keys per step of Redis. */
const MAX_REPAIRED = 200

const JOINED: readonly JoinedPlace[] = ['behind', 'first', 'alone']

type Entered = { first: string; isParked: boolean; clock: HoldingClock | undefined }

export type DeliveryOrderDeps = {
  platform: string
  redis: RedisConnection
  queues: Pick<Queues, 'open'>
  /** Called after deliveries of this subscription were promoted: a worker may take them. */
  onPromoted(subscription: string): void
}

/** Rejects with STORE_UNAVAILABLE. Deliveries of a subscription that enter or leave in the same moment share a step. */
export function createDeliveryOrder({ platform, redis, queues, onPromoted }: DeliveryOrderDeps): DeliveryOrder {
  function ofSubscription(subscription: string) {
    return {
      order: orderKey(platform, subscription),
      places: orderPlacesKey(platform, subscription),
      ...jobStates(deliveriesQueue(platform, subscription)),
    }
  }

  /** A job that is not there yet, or is promoted already, stays: `settle` checks again after it was added. */
  async function promote(subscription: string, deliveryIds: readonly string[]): Promise<void> {
    const parked = [...new Set(deliveryIds)].filter((deliveryId) => deliveryId !== '')
    if (parked.length === 0) return
    const queue = queues.open(deliveriesQueue(platform, subscription))
    await Promise.all(parked.map((deliveryId) => promoteJob(queue, deliveryId)))
    onPromoted(subscription)
  }

  const entering = createBatches<OrderedDelivery, Entered>({
    write: async (subscription, deliveries) => {
      const answers = await enterAll(redis, { ...ofSubscription(subscription), each: deliveries.map(rowOf) })
      return rowsIn(answers).map(([first = '', isParked, clock = '']) => {
        return { first, isParked: isParked === '1', clock: parseClock(clock) }
      })
    },
  })

  const leaving = createBatches<OrderedDelivery, string>({
    write: async (subscription, deliveries) =>
      textsIn(await leaveAll(redis, { ...ofSubscription(subscription), each: deliveries.map(rowOf) })),
  })

  return {
    join: (subscription, deliveries) =>
      guardStore(async () => {
        const answers = await joinAll(redis, { ...ofSubscription(subscription), each: deliveries.map(rowOf) })
        return textsIn(answers).map((place) => JOINED[Number(place)] ?? 'behind')
      }),

    occupied: (subscription, keys) =>
      guardStore(async () => {
        const each = keys.map((key) => ({ key: hashOf(key) }))
        const found = textsIn(await occupiedKeys(redis, { ...ofSubscription(subscription), each }))
        return new Set(keys.filter((_, index) => found[index] === '1'))
      }),

    settle: (subscription, deliveries) =>
      guardStore(async () => {
        const each = deliveries.map(rowOf)
        await promote(subscription, textsIn(await settleAll(redis, { ...ofSubscription(subscription), each })))
      }),

    enter: (subscription, delivery) =>
      guardStore(async () => {
        const { first, isParked, clock } = await entering.add(subscription, delivery)
        const isFirst = first === delivery.deliveryId
        if (!isFirst && isParked) await promote(subscription, [first])
        return { isFirst, clock }
      }),

    hold: (subscription, deliveryId, clock) =>
      guardStore(async () => {
        await redis.hset(orderPlacesKey(platform, subscription), `clock ${deliveryId}`, JSON.stringify(clock))
      }),

    leave: (subscription, delivery) =>
      guardStore(async () => {
        await promote(subscription, [await leaving.add(subscription, delivery)])
      }),

    repair: (subscription) =>
      guardStore(async () => {
        let after = ''
        do {
          const page = { ...ofSubscription(subscription), after, most: MAX_REPAIRED }
          const [last = '', ...parked] = textsIn(await repairOrder(redis, page))
          await promote(subscription, parked)
          after = last
        } while (after !== '')
      }),

    remove: (subscription) =>
      guardStore(async () => {
        await redis.unlink(orderKey(platform, subscription), orderPlacesKey(platform, subscription))
        // Also without an order: a process that was killed, or did not know of the change yet, may have parked some.
        const promoted = await promoteParked(redis, deliveriesQueue(platform, subscription), queues.open)
        if (promoted > 0) onPromoted(subscription)
      }),
  }
}

function rowOf({ key, deliveryId }: OrderedDelivery): { key: string; id: string } {
  return { key: hashOf(key), id: deliveryId }
}

/** A hash, because the key may have any length and any characters. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22)
}

function textsIn(answer: unknown): string[] {
  return Array.isArray(answer) ? answer.map(String) : []
}

function rowsIn(answer: unknown): string[][] {
  return Array.isArray(answer) ? answer.map(textsIn) : []
}

/** Only `hold` writes it. */
function parseClock(text: string): HoldingClock | undefined {
  return text === '' ? undefined : (JSON.parse(text) as HoldingClock)
}
