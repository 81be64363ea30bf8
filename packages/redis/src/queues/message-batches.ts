// Owns: enqueueing messages: those that are added in the same moment share a job.
import type { BatchedEvent, FanOutBatchJob } from '@wxgw/contracts'
import { randomBytes } from 'node:crypto'
import { createBatches } from '../batches.ts'
import { anyKeyOf } from '../bullmq-format/queue-keys.ts'
import { batchJobId } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import type { InboxChoice } from './inbox-choice.ts'
import { FAN_OUT_ATTEMPTS, jobOptions } from './job-options.ts'
import type { Queues } from './queues.ts'

export type MessageBatches = {
  /** Resolves when Redis has accepted the job that the message is in. Rejects with STORE_UNAVAILABLE. */
  add(entry: BatchedEvent): Promise<unknown>
  /** In a job of its own, ahead of all waiting jobs, because a push waits for the reply. Rejects as `add`. */
  addFirst(entry: BatchedEvent): Promise<void>
}

type MessageBatchesDeps = {
  queues: Pick<Queues, 'open'>
  inboxes: Pick<InboxChoice, 'put'>
  /** Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export const BATCH_NAME: FanOutBatchJob['kind'] = 'fan-out-batch'
export const BATCH_OPTIONS = jobOptions(FAN_OUT_ATTEMPTS)

/** One group for all messages. Messages of ordered accounts are not added here (ordering/lanes.ts). */
const TOGETHER = ''

export function createMessageBatches({
  queues,
  inboxes,
  replicas = NO_REPLICA_BARRIER,
}: MessageBatchesDeps): MessageBatches {
  const nextShortId = createShortIds()

  /** When the driver repeats the command after a lost answer, the job is found by its id. */
  function put(entries: readonly BatchedEvent[], options: { lifo?: boolean } = {}): Promise<void> {
    return inboxes.put((queue) => {
      const jobId = batchJobId(nextShortId(), entries.length)
      const add = () => queues.open(queue).add(BATCH_NAME, batchOf(entries), { ...BATCH_OPTIONS, ...options, jobId })
      return replicas.confirmed(anyKeyOf(queue), add)
    })
  }

  const batches = createBatches<BatchedEvent, true>({
    write: async (_, entries) => {
      await guardStore(() => put(entries))
      return entries.map(() => true)
    },
  })

  return {
    add: (entry) => batches.add(TOGETHER, entry),
    addFirst: (entry) => guardStore(() => put([entry], { lifo: true })),
  }
}

export function batchOf(events: readonly unknown[]): FanOutBatchJob {
  return { v: 2, kind: BATCH_NAME, events: [...events] }
}

/** 64 random bits of this process and a number. Short, because Redis stores an id four times per waiting job. */
export function createShortIds(): () => string {
  const own = randomBytes(8).toString('base64url')
  let count = 0
  return () => `f${own}.${(count += 1).toString(36)}`
}
