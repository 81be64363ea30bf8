// Owns: writing jobs that carry messages: one for what wants in at the same moment, and one for each that has to go on
// by itself.
import type { BatchedEvent, FanOutBatchJob } from '@wxgw/contracts'
import { randomBytes } from 'node:crypto'
import { createBatches } from '../batches.ts'
import { batchJobId, MESSAGE_BATCHES_QUEUE, queueKey } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import { FAN_OUT_ATTEMPTS, jobOptions } from './job-options.ts'
import type { Queues } from './queues.ts'

/**
 * `arrival` names the job, too: added again, it is the same. `entry` is whatever stood in the job that it comes from.
 */
export type LoneEntry = { arrival: string; entry: unknown; delayMs?: number | undefined }

export type MessageBatches = {
  /** Resolves after Redis has accepted it, with what else is added at this moment. Rejects with STORE_UNAVAILABLE. */
  add(entry: BatchedEvent): Promise<void>
  /** A job for each. Again it changes nothing while the jobs exist. Rejects with STORE_UNAVAILABLE. */
  addEach(entries: readonly LoneEntry[]): Promise<void>
}

export type MessageBatchesDeps = {
  queues: Pick<Queues, 'open'>
  /** Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

const NAME: FanOutBatchJob['kind'] = 'fan-out-batch'
const OPTIONS = jobOptions(FAN_OUT_ATTEMPTS)
const TOGETHER = ''

export function createMessageBatches({ queues, replicas = NO_REPLICA_BARRIER }: MessageBatchesDeps): MessageBatches {
  const nextShortId = createShortIds()
  const barrierKey = queueKey(MESSAGE_BATCHES_QUEUE, 'wait')
  const queue = () => queues.open(MESSAGE_BATCHES_QUEUE)

  /** Sent twice by the driver after a lost reply, the job is found under its id. */
  const batches = createBatches<BatchedEvent, true>({
    write: async (_, entries) => {
      const jobId = batchJobId(nextShortId(), entries.length)
      await replicas.confirmed(barrierKey, () => queue().add(NAME, batchOf(entries), { ...OPTIONS, jobId }))
      return entries.map(() => true)
    },
  })

  return {
    add: (entry) => guardStore(async () => void (await batches.add(TOGETHER, entry))),

    addEach: (entries) =>
      guardStore(async () => {
        const jobs = entries.map(({ arrival, entry, delayMs = 0 }) => {
          // BullMQ has no colon in an id of ours.
          const jobId = batchJobId(arrival.replaceAll(':', '-'), 1)
          const data = batchOf([withArrival(entry, arrival)])
          return { name: NAME, data, opts: { ...OPTIONS, jobId, delay: delayMs } }
        })
        await queue().addBulk(jobs)
      }),
  }
}

function batchOf(events: readonly unknown[]): FanOutBatchJob {
  return { v: 2, kind: NAME, events: [...events] }
}

/** What cannot be read stays as it is. */
function withArrival(entry: unknown, arrival: string): unknown {
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry, arrival } : entry
}

/** Of many waiting jobs every byte of an id counts four times: 64 bits that are this process' own, and a number. */
function createShortIds(): () => string {
  const own = randomBytes(8).toString('base64url')
  let count = 0
  return () => `f${own}.${(count += 1).toString(36)}`
}
