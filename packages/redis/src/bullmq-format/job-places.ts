// Owns: whether jobs of a queue exist and have failed, several at once, and why one has failed.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { allSucceeded } from '../store-errors.ts'
import { JOB_DATA } from './queue-keys.ts'

/** `queued`: it waits, is delayed or runs. */
type JobPlace = 'queued' | 'failed' | 'gone'

/** One round trip. Rejects with the driver's error. */
export async function jobPlaces(redis: RedisConnection, queue: string, jobIds: readonly string[]): Promise<JobPlace[]> {
  const pipeline = redis.pipeline()
  for (const id of jobIds) pipeline.exists(queueKey(queue, id)).zscore(queueKey(queue, 'failed'), id)
  const answers = allSucceeded(await pipeline.exec())
  return jobIds.map((_, index) => {
    if (answers[2 * index] === 0) return 'gone'
    return answers[2 * index + 1] === null ? 'queued' : 'failed'
  })
}

/** Of a failed job. `data` as JSON.parse returns it. */
export async function readFailure(
  redis: RedisConnection,
  queue: string,
  jobId: string,
): Promise<{ attemptsMade: number; reason: string | undefined; data: unknown }> {
  const [attemptsMade, reason, data] = await redis.hmget(queueKey(queue, jobId), 'atm', 'failedReason', JOB_DATA)
  return { attemptsMade: Number(attemptsMade ?? 0), reason: reason ?? undefined, data: JSON.parse(data ?? 'null') }
}
