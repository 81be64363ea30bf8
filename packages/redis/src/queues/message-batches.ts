// Owns: writing jobs that carry messages: one for what wants in at the same moment.
import type { BatchedEvent, FanOutBatchJob } from '@wxgw/contracts'
import { randomBytes } from 'node:crypto'
import { createBatches } from '../batches.ts'
import { batchJobId, queueKey } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import type { InboxChoice } from './inbox-choice.ts'
import { FAN_OUT_ATTEMPTS, jobOptions } from './job-options.ts'
import type { Queues } from './queues.ts'

export type MessageBatches = {
  /** Resolves after Redis has accepted it, with what else is added at this moment. Rejects with STORE_UNAVAILABLE. */
  add(entry: BatchedEvent): Promise<void>
  /** In a job of its own that is taken before all that wait: a push waits for its answer. Rejects as `add`. */
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

/** All go together. Those of an account whose order somebody wants go another way (ordering/lanes.ts). */
const TOGETHER = ''

export function createMessageBatches({
  queues,
  inboxes,
  replicas = NO_REPLICA_BARRIER,
}: MessageBatchesDeps): MessageBatches {
  const nextShortId = createShortIds()

  /** Sent twice by the driver after a lost reply, the job is found under its id. */
  function put(entries: readonly BatchedEvent[], options: { lifo?: boolean } = {}): Promise<void> {
    return inboxes.put((queue) => {
      const jobId = batchJobId(nextShortId(), entries.length)
      const add = () => queues.open(queue).add(BATCH_NAME, batchOf(entries), { ...BATCH_OPTIONS, ...options, jobId })
      return replicas.confirmed(queueKey(queue, 'wait'), add)
    })
  }

  const batches = createBatches<BatchedEvent, true>({
    write: async (_, entries) => {
      await put(entries)
      return entries.map(() => true)
    },
  })

  return {
    add: (entry) => guardStore(async () => void (await batches.add(TOGETHER, entry))),
    addFirst: (entry) => guardStore(() => put([entry], { lifo: true })),
  }
}

export function batchOf(events: readonly unknown[]): FanOutBatchJob {
  return { v: 2, kind: BATCH_NAME, events: [...events] }
}

/** Of many waiting jobs every byte of an id counts four times: 64 bits that are this process' own, and a number. */
export function createShortIds(): () => string {
  const own = randomBytes(8).toString('base64url')
  let count = 0
  return () => `f${own}.${(count += 1).toString(36)}`
}
