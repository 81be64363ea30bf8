// Owns: enqueueing into the queue of a subscription, whose failed set holds the subscription's dead letters.
import type { DeliveryJob } from '@wxgw/contracts'
import { GatewayError } from '@wxgw/wechat-core'
import { countEarlierAttempts } from '../bullmq-format/count-earlier-attempts.ts'
import type { RedisConnection } from '../connect.ts'
import { isJobGone } from '../bullmq-format/job-gone.ts'
import { deliveriesQueue, isDeliveryId } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import { jobOptions } from './job-options.ts'
import type { Queues } from './queues.ts'

export type EnqueueOptions = {
  /** Not before this many milliseconds from now. Default: at once. */
  delayMs?: number | undefined
  /** Attempts that were made before it was enqueued, for instance by the fan-out. They count. */
  attemptsMade?: number | undefined
  /** The error of the last of them. The dead letter shows it when no attempt is left. */
  lastError?: string | undefined
  /**
   * No attempt is left, whatever the schedule is: it becomes a dead letter at once. Default false.
   */
  isFinal?: boolean | undefined
  /** It is in the queue already, delayed while an attempt ran, which is over now. Default false. */
  isHeld?: boolean | undefined
}

export type DeliveryQueue = {
  /**
   * There are 1 + the schedule's length attempts. Repeating it with the same `deliveryId` changes nothing while the job
   * exists, and for a minute after the first time even when it is delivered: a fan-out that runs again after a crash
   * delivers nothing twice. Rejects with STORE_UNAVAILABLE, and with INTERNAL when `deliveryId` is not one of ours: it
   * becomes part of a key.
   */
  enqueueDelivery(job: DeliveryJob, options?: EnqueueOptions): Promise<void>
  /** Removes a delayed delivery, unless it runs. Rejects with STORE_UNAVAILABLE. */
  takeBack(job: DeliveryJob): Promise<void>
}

/** Longer than the 16 s after which the fan-out of a killed worker runs again. */
const REMEMBERED_MS = 60_000

/**
 * The delay until the attempts that count are written: a worker that took the job earlier would start counting at zero.
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
          // A push waits for the reply, so it is enqueued before waiting deliveries.
          ...(job.reply ? { lifo: true } : {}),
        })
        if (attemptsMade > 0) {
          await countEarlierAttempts(redis, { queue: queueName, jobId: deliveryId, attemptsMade, lastError, isOver })
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

/** On a repeat the job may no longer be delayed: then there is nothing to change. */
async function unlessNotDelayed(change: () => Promise<void>): Promise<void> {
  try {
    await change()
  } catch (error) {
    if (!isJobGone(error)) throw error
  }
}
