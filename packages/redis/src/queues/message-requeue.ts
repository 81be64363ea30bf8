// Owns: enqueueing messages again that a job could not dispatch, in new jobs in the same inbox.
import { batchJobId } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import { BATCH_NAME, BATCH_OPTIONS, batchOf, createShortIds } from './message-batches.ts'
import type { Queues } from './queues.ts'

/** `arrival`: the owner of the event's claim. `entry`: the message as it stood in its job, unchecked. */
export type RequeuedEntry = { arrival: string; entry: unknown }

export type MessageRequeue = {
  /**
   * A job per entry, delayed by `delayMs`. The job ids are made from the arrivals, so a repeat changes nothing while
   * the jobs exist. Rejects with STORE_UNAVAILABLE.
   */
  addEach(queue: string, entries: ReadonlyArray<RequeuedEntry & { delayMs?: number | undefined }>): Promise<void>
  /** One job for all entries. A repeat makes another one. Rejects with STORE_UNAVAILABLE. */
  addTogether(queue: string, entries: readonly RequeuedEntry[], delayMs: number): Promise<void>
}

export function createMessageRequeue({ queues }: { queues: Pick<Queues, 'open'> }): MessageRequeue {
  const nextShortId = createShortIds()
  return {
    addEach: (queue, entries) =>
      guardStore(async () => {
        const jobs = entries.map(({ arrival, entry, delayMs = 0 }) => {
          // BullMQ refuses a colon in a job id.
          const jobId = batchJobId(arrival.replaceAll(':', '-'), 1)
          const data = batchOf([withArrival(entry, arrival)])
          return { name: BATCH_NAME, data, opts: { ...BATCH_OPTIONS, jobId, delay: delayMs } }
        })
        await queues.open(queue).addBulk(jobs)
      }),

    addTogether: (queue, entries, delayMs) =>
      guardStore(async () => {
        const jobId = batchJobId(nextShortId(), entries.length)
        const data = batchOf(entries.map(({ entry, arrival }) => withArrival(entry, arrival)))
        await queues.open(queue).add(BATCH_NAME, data, { ...BATCH_OPTIONS, jobId, delay: delayMs })
      }),
  }
}

/** An entry that is no message stays as it is. */
function withArrival(entry: unknown, arrival: string): unknown {
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry, arrival } : entry
}
