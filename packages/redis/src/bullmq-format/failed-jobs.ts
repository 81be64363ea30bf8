// Owns: reading the failed jobs of a queue, which are a subscription's dead letters. BullMQ's API reads them by index,
// which shifts while jobs fail, and only as a whole.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { describeHashes } from '../paging/describe-hashes.ts'
import { type NewestFirst, type Position, readNewestFirst, walkOne } from '../paging/newest-first.ts'
import { allSucceeded } from '../store-errors.ts'
import { JOB_DATA } from './queue-keys.ts'

/** The reason of a job without one. */
export const NO_REASON = 'unknown'

type FailedJobs = {
  /** Newest first, by the time of failure. Fewer than `limit` only at the end. */
  page(range: { after: Position | undefined; fromMs?: number }, limit: number): Promise<Position[]>
  walk(): NewestFirst
  has(id: string): Promise<boolean>
  /** How many failed at this time or before. */
  countUntil(ms: number): Promise<number>
  /** The key of the job's hash. */
  keyOf(id: string): string
  /** Adds the size of each job's data. */
  withSizes<T extends { member: string }>(jobs: readonly T[]): Promise<Array<T & { bytes: number }>>
  /** Without reading the rest of the jobs. */
  reasonsOf(ids: readonly string[]): Promise<string[]>
  /** By rank from 0, newest first; `last` included. Fewer only at the end. */
  newestReasons(first: number, last: number): Promise<string[]>
  /** As JSON; undefined where there is no such job. */
  dataOf(ids: readonly string[]): Promise<Array<string | undefined>>
}

const failedReasons = defineScript({
  name: 'bullmq-format/failed-reasons',
  keys: ['failed'],
  args: ['prefix', 'first', 'last'],
})

/** Each rejects with the driver's error. */
export function failedJobs(redis: RedisConnection, queue: string): FailedJobs {
  const key = queueKey(queue, 'failed')
  const keyOf = (id: string) => queueKey(queue, id)
  return {
    page: ({ after, fromMs }, limit) => readNewestFirst(redis, { key, after, minScore: fromMs }, limit),
    walk: () => walkOne(redis, { key, after: undefined }),
    has: async (id) => (await redis.zscore(key, id)) !== null,
    countUntil: (ms) => redis.zcount(key, '-inf', ms),
    keyOf,
    async withSizes(jobs) {
      const keys = jobs.map(({ member }) => keyOf(member))
      const described = await describeHashes(redis, keys, { measured: JOB_DATA })
      return jobs.map((job, index) => ({ ...job, bytes: described[index]?.bytes ?? 0 }))
    },
    async reasonsOf(ids) {
      const described = await describeHashes(redis, ids.map(keyOf), { measured: JOB_DATA, fields: ['failedReason'] })
      return described.map(({ fields: [reason] }) => reason || NO_REASON)
    },
    async newestReasons(first, last) {
      const reasons = await failedReasons(redis, { failed: key, prefix: keyOf(''), first, last })
      return Array.isArray(reasons) ? reasons.map(String) : []
    },
    async dataOf(ids) {
      const pipeline = redis.pipeline()
      for (const id of ids) pipeline.hget(keyOf(id), JOB_DATA)
      return allSucceeded(await pipeline.exec()).map((text) => (typeof text === 'string' ? text : undefined))
    },
  }
}
