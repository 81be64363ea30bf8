// Owns: which delivery of a key may be made: the first in its order. The others wait as delayed jobs in the
// subscription's queue, and are promoted when all before them have ended.
import { createHash } from 'node:crypto'
import { Job } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { isJobGone } from '../job-gone.ts'
import { deliveriesQueue, orderKey, orderPlacesKey, queueKey } from '../keys.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import { enterOne, joinAll, leaveOrder, mendOrder, occupiedKeys, settleAll } from './order-scripts.ts'

/** `key` as orderingKey gives it. */
export type OrderedDelivery = { key: string; deliveryId: string }

/**
 * How long a failing delivery has held its key, when that was last checked, when the delivery is retried, and its
 * error.
 */
export type HoldingClock = { heldMs: number; lookedAtMs: number; dueAtMs: number; lastError: string }

export type DeliveryOrder = {
  /**
   * Appends each delivery to the order of its key, unless it is there already. Answers which are the first of their
   * key. A first one whose job was lost or has failed is skipped.
   */
  join(subscription: string, deliveries: readonly OrderedDelivery[]): Promise<readonly boolean[]>
  /** Which of the keys have a pending delivery. */
  occupied(subscription: string, keys: readonly string[]): Promise<ReadonlySet<string>>
  /**
   * Call it after the jobs were added. A delivery that has become the first meanwhile is promoted; one without a job,
   * because it was delivered before, is skipped.
   */
  settle(subscription: string, deliveries: readonly OrderedDelivery[]): Promise<void>
  /**
   * As `join`, for one delivery that is about to be attempted, with its clock. If another one is the first and waits,
   * it is promoted.
   */
  enter(subscription: string, delivery: OrderedDelivery): Promise<{ isFirst: boolean; clock: HoldingClock | undefined }>
  /** The delivery failed, will be retried, and holds its key. */
  hold(subscription: string, deliveryId: string, clock: HoldingClock): Promise<void>
  /** The delivery has ended: the next one of its key is promoted. Safe to repeat. */
  leave(subscription: string, delivery: OrderedDelivery): Promise<void>
  /** Skips first deliveries whose job is gone, and promotes those that wait although they are the first. */
  mend(subscription: string): Promise<void>
  /** Removes the order of the subscription: all waiting deliveries are promoted. */
  dissolve(subscription: string): Promise<void>
}

/** The delay of a waiting delivery until it is promoted: longer than any retry. */
export const WAITS_MS = 30 * 86_400_000
/** Keys per step of Redis. */
const MAX_MENDED = 200

export type DeliveryOrderDeps = { platform: string; redis: RedisConnection; queues: Pick<Queues, 'open'> }

/** Rejects with STORE_UNAVAILABLE. */
export function createDeliveryOrder({ platform, redis, queues }: DeliveryOrderDeps): DeliveryOrder {
  function ofSubscription(subscription: string) {
    const queue = deliveriesQueue(platform, subscription)
    return {
      order: orderKey(platform, subscription),
      places: orderPlacesKey(platform, subscription),
      failed: queueKey(queue, 'failed'),
      delayed: queueKey(queue, 'delayed'),
      prefix: queueKey(queue, ''),
      // The score that BullMQ gives a delayed job.
      waitsFrom: (Date.now() + WAITS_MS / 2) * 0x1000,
    }
  }

  /** The job may not be there yet, or be promoted already: `settle` checks again after it was added. */
  async function promote(subscription: string, deliveryId: string): Promise<void> {
    const queue = queues.open(deliveriesQueue(platform, subscription))
    try {
      await new Job(queue, '', undefined, {}, deliveryId).promote()
    } catch (error) {
      if (!isJobGone(error)) throw error
    }
  }

  async function promoteEach(subscription: string, deliveryIds: readonly string[]): Promise<void> {
    await Promise.all([...new Set(deliveryIds)].map((deliveryId) => promote(subscription, deliveryId)))
  }

  return {
    join: (subscription, deliveries) =>
      guardStore(async () => {
        const each = deliveries.map(rowOf)
        const firsts = textsIn(await joinAll(redis, { ...ofSubscription(subscription), each }))
        return deliveries.map(({ deliveryId }, index) => firsts[index] === deliveryId)
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
        await promoteEach(subscription, textsIn(await settleAll(redis, { ...ofSubscription(subscription), each })))
      }),

    enter: (subscription, delivery) =>
      guardStore(async () => {
        const [first = '', waits, clock = ''] = textsIn(
          await enterOne(redis, { ...ofSubscription(subscription), ...rowOf(delivery) }),
        )
        const isFirst = first === delivery.deliveryId
        if (!isFirst && waits === '1') await promote(subscription, first)
        return { isFirst, clock: parseClock(clock) }
      }),

    hold: (subscription, deliveryId, clock) =>
      guardStore(async () => {
        await redis.hset(orderPlacesKey(platform, subscription), `clock ${deliveryId}`, JSON.stringify(clock))
      }),

    leave: (subscription, delivery) =>
      guardStore(async () => {
        const next = String(await leaveOrder(redis, { ...ofSubscription(subscription), ...rowOf(delivery) }))
        if (next !== '') await promote(subscription, next)
      }),

    mend: (subscription) =>
      guardStore(async () => {
        let after = ''
        do {
          const asked = { ...ofSubscription(subscription), after, most: MAX_MENDED }
          const [last = '', ...waiting] = textsIn(await mendOrder(redis, asked))
          await promoteEach(subscription, waiting)
          after = last
        } while (after !== '')
      }),

    dissolve: (subscription) =>
      guardStore(async () => {
        if ((await redis.unlink(orderKey(platform, subscription), orderPlacesKey(platform, subscription))) === 0) return
        await queues.open(deliveriesQueue(platform, subscription)).promoteJobs()
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

/** Only `hold` writes it. */
function parseClock(text: string): HoldingClock | undefined {
  return text === '' ? undefined : (JSON.parse(text) as HoldingClock)
}
