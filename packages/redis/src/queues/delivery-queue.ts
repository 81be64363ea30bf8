// Owns: the way into the deliveries queue of a subscription, whose failed set is the subscription's dead letters.
import type { DeliveryJob } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import { countEarlierAttempts } from '../bullmq-format/count-earlier-attempts.ts'
import type { RedisConnection } from '../connect.ts'
import { isJobGone } from '../job-gone.ts'
import { deliveriesQueue, isDeliveryId } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import { jobOptions } from './job-options.ts'
import type { Queues } from './queues.ts'

export type EnqueueOptions = {
  /** Not before this many milliseconds from now. Default: at once. */
  delayMs?: number | undefined
  /** Attempts made before it came here, for instance while a push was waiting. They count. */
  attemptsMade?: number | undefined
  /** What the last of them failed with; stands in the dead letter when none is left. */
  lastError?: string | undefined
  /**
   * Of attempts that were made, none is left, whatever the schedule says: it becomes a dead letter at once. Default
   * false.
   */
  isFinal?: boolean | undefined
  /** It was enqueued with a delay for as long as an attempt was under way, which is over now. Default false. */
  isHeld?: boolean | undefined
}

export type DeliveryQueue = {
  /**
   * Attempts = 1 + the schedule's length. Again with the same `deliveryId` it changes nothing while the job exists, and
   * for a minute from the first time, delivered or not: a fan-out whose worker died in the middle delivers nothing
   * twice. Rejects with STORE_UNAVAILABLE, and with INTERNAL when `deliveryId` is none: it becomes part of a key of the
   * queue.
   */
  enqueueDelivery(job: DeliveryJob, options?: EnqueueOptions): Promise<void>
  /** Removes a delivery that was enqueued with a delay, unless it runs. Rejects with STORE_UNAVAILABLE. */
  takeBack(job: DeliveryJob): Promise<void>
}

/** Longer than it takes until the fan-out of a killed worker runs again (16 s). */
const REMEMBERED_MS = 60_000

/**
 * No worker takes a job before the attempts that count are written down: another one would be made, and all would begin
 * anew.
 */
const HELD_MS = 1_000

/** `redis` and `queues` share the store; the job's key has the hash tag of its queue. */
type DeliveryQueueDeps = { queues: Pick<Queues, 'open'>; redis: RedisConnection }

export function createDeliveryQueue({ queues, redis }: DeliveryQueueDeps): DeliveryQueue {
  return {
    enqueueDelivery: (job, { delayMs = 0, attemptsMade = 0, lastError = '', isFinal = false, isHeld = false } = {}) =>
      guardStore(async () => {
        const { deliveryId, scheduleSeconds } = job
        if (!isDeliveryId(deliveryId)) throw new GatewayError('INTERNAL', 'a delivery without an id of ours')
        const isOver = isFinal || attemptsMade > scheduleSeconds.length
        const queueName = deliveriesQueue(job.platform, job.subscription)
        const queue = queues.open(queueName)
        const heldMs = attemptsMade > 0 ? Math.max(delayMs, HELD_MS) : delayMs
        const added = await queue.add(job.event.type, job, {
          ...jobOptions(1 + scheduleSeconds.length),
          jobId: deliveryId,
          deduplication: { id: deliveryId, ttl: REMEMBERED_MS },
          delay: Math.max(0, Math.round(heldMs)),
          // A push is waiting for the answer to this one: it goes before what has waited longer.
          ...(job.reply ? { lifo: true } : {}),
        })
        if (attemptsMade > 0) {
          const counted = { attemptsMade, lastError, isOver: isOver ? '1' : '' }
          await countEarlierAttempts(redis, { job: queue.toKey(deliveryId), ...counted })
        }
        if (delayMs <= 0 && (isHeld || attemptsMade > 0)) await unlessNotDelayed(() => added.promote())
        else if (isHeld || delayMs < heldMs) await unlessNotDelayed(() => added.changeDelay(Math.round(delayMs)))
      }),

    takeBack: ({ platform, subscription, deliveryId }) =>
      guardStore(async () => {
        const job = await queues.open(deliveriesQueue(platform, subscription)).getJob(deliveryId)
        if (job && (await job.isDelayed())) await job.remove()
      }),
  }
}

/** Again, or for a job that is known already, it is no longer delayed: then there is nothing to do. */
async function unlessNotDelayed(change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!isJobGone(error)) throw error
  }
}
