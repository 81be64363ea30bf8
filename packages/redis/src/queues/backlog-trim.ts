// Owns: keeping the backlog of a paused subscription within its bound: the oldest deliveries become dead letters
// without an attempt. BullMQ takes and fails each.
import { randomUUID } from 'node:crypto'
import { type DeliveryJob, DeliveryJobSchema, parserOf } from '@wxgw/contracts'
import { createRedisBackend, UnrecoverableError, Worker } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, type PlatformKeys, QUEUE_PREFIX } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import type { Queues } from './queues.ts'
import { LOCK_MS } from './queue-worker.ts'
import { createWakeUp, waitingInProcess } from './wake-up.ts'

export type BacklogTrim = {
  /** False: another process has the claim. It expires after 5 s. Rejects with STORE_UNAVAILABLE. */
  claim(): Promise<boolean>
  release(): Promise<void>
  /**
   * Fails the deliveries beyond `maxBacklog`, the oldest first, at most 1,000, and answers how many. Calls `onDead` for
   * each, with the attempts that were made. The caller must have the claim. Rejects with STORE_UNAVAILABLE.
   */
  trim(subscription: string, maxBacklog: number, onDead: OnDead): Promise<number>
}

type OnDead = (delivery: DeliveryJob, job: { jobId: string; attempts: number }) => Promise<void>

export type BacklogTrimDeps = {
  platform: string
  /** A `blocking` connection, as workers have. */
  connection: RedisConnection
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'trimming'>
  queues: Pick<Queues, 'open'>
  log: { warn(fields: Record<string, unknown>, message: string): void }
}

const CLAIM_MS = 5_000
/** Jobs per call. They take much less than the 5 s of the claim. */
const MAX_BATCH = 1_000
const CONCURRENCY = 10

export const BACKLOG_FULL = 'paused, and maxBacklog is reached'

const parseJob = parserOf(DeliveryJobSchema)

export function createBacklogTrim({ platform, connection, redis, keys, queues, log }: BacklogTrimDeps): BacklogTrim {
  async function failOldest(queue: string, count: number, onDead: OnDead): Promise<number> {
    const backend = waitingInProcess(createRedisBackend, createWakeUp())
    const options = { connection, prefix: QUEUE_PREFIX, autorun: false, lockDuration: LOCK_MS, skipVersionCheck: true }
    const worker = new Worker<unknown>(queue, null, options, backend)
    worker.on('error', (error) => log.warn({ err: error, queue }, 'backlog.not_trimmed'))
    let left = count
    let failed = 0
    const failNext = async () => {
      for (const token = randomUUID(); left > 0;) {
        left -= 1
        const job = await worker.getNextJob(token, { block: false })
        // No job can be taken: the remaining ones wait for their retry.
        if (!job) return
        const { id: jobId = '', attemptsMade } = job
        await job.updateData({ ...Object(job.data), attempts: attemptsMade })
        await job.moveToFailed(new UnrecoverableError(BACKLOG_FULL), token)
        failed += 1
        const delivery = parseJob(job.data)
        if (delivery) await onDead(delivery, { jobId, attempts: attemptsMade })
      }
    }
    try {
      await Promise.all(Array.from({ length: Math.min(CONCURRENCY, count) }, failNext))
      return failed
    } finally {
      await worker.close(true)
    }
  }

  return {
    claim: () => guardStore(async () => (await redis.set(keys.trimming, '1', 'PX', CLAIM_MS, 'NX')) === 'OK'),
    release: () => guardStore(async () => void (await redis.del(keys.trimming))),
    trim: (subscription, maxBacklog, onDead) =>
      guardStore(async () => {
        const name = deliveriesQueue(platform, subscription)
        const counts = await queues.open(name).getJobCounts('waiting', 'prioritized', 'delayed')
        const over = Object.values(counts).reduce((sum, count) => sum + count, 0) - maxBacklog
        return over <= 0 ? 0 : failOldest(name, Math.min(over, MAX_BATCH), onDead)
      }),
  }
}
