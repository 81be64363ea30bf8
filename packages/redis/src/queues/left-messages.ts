// Owns: what a job of messages leaves undone: it goes on in jobs of its own, in the inbox that it came from.
import { batchJobId } from '../keys.ts'
import { guardStore } from '../store-errors.ts'
import { BATCH_NAME, BATCH_OPTIONS, batchOf, createShortIds } from './message-batches.ts'
import type { Queues } from './queues.ts'

/** `arrival`: by which the event knows its own claim. `entry` is whatever stood in the job that it comes from. */
export type LeftEntry = { arrival: string; entry: unknown }

export type LeftMessages = {
  /**
   * A job for each, not before `delayMs`. Named after the arrivals: again it changes nothing while the jobs exist.
   * Rejects with STORE_UNAVAILABLE.
   */
  addEach(queue: string, entries: ReadonlyArray<LeftEntry & { delayMs?: number | undefined }>): Promise<void>
  /** One job for all. Again it is another one. Rejects as `addEach`. */
  addTogether(queue: string, entries: readonly LeftEntry[], delayMs: number): Promise<void>
}

export function createLeftMessages({ queues }: { queues: Pick<Queues, 'open'> }): LeftMessages {
  const nextShortId = createShortIds()
  return {
    addEach: (queue, entries) =>
      guardStore(async () => {
        const jobs = entries.map(({ arrival, entry, delayMs = 0 }) => {
          // BullMQ has no colon in an id of ours.
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

/** What cannot be read stays as it is. */
function withArrival(entry: unknown, arrival: string): unknown {
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry, arrival } : entry
}
