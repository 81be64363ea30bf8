// Owns: handing an event over to consumers that read Redis themselves: a BullMQ queue of theirs, or a stream.
import type { GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { guardStore } from '../store-errors.ts'
import type { Queues } from './queues.ts'

export type SinkWriter = {
  /**
   * One job, named after the event's type. Again with the same `jobId` it adds nothing while the job is kept.
   * Rejects with STORE_UNAVAILABLE.
   */
  addToConsumerQueue(job: { queue: string; jobId: string; name: string; data: GatewayEvent }): Promise<void>
  /** What was added, while the consumer's queue keeps it; else undefined. Rejects with STORE_UNAVAILABLE. */
  readConsumerJob(job: { queue: string; jobId: string }): Promise<unknown>
  /** One entry. Never more than `maxLength` remain, when given. Again it adds again. Rejects with STORE_UNAVAILABLE. */
  appendToStream(entry: { stream: string; fields: Readonly<Record<string, string>>; maxLength?: number | undefined }): Promise<void>
}

const KEPT_COMPLETED = 1_000
const KEPT_FAILED = 10_000

export function createSinkWriter({ queues, redis }: { queues: Pick<Queues, 'open' | 'add'>; redis: RedisConnection }): SinkWriter {
  return {
    addToConsumerQueue: ({ queue, jobId, name, data }) =>
      guardStore(async () => {
        // How often it is tried and what becomes of it is the consumer's business; only the space it takes is ours.
        const kept = { removeOnComplete: { count: KEPT_COMPLETED }, removeOnFail: { count: KEPT_FAILED } }
        await queues.add(queue, { name, data, options: { jobId, ...kept } })
      }),
    readConsumerJob: ({ queue, jobId }) =>
      guardStore(async () => {
        const job = await queues.open(queue).getJob(jobId)
        return job?.data
      }),
    appendToStream: ({ stream, fields, maxLength }) =>
      guardStore(async () => {
        const flat = Object.entries(fields).flat()
        await (maxLength === undefined ? redis.xadd(stream, '*', ...flat) : redis.xadd(stream, 'MAXLEN', '=', maxLength, '*', ...flat))
      }),
  }
}
