// Owns: reading the stored data of jobs, in whatever state they are, for which BullMQ's API has no bounded way.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { JOB_DATA } from './queue-keys.ts'

/** A running job ends soon or returns to one of these states. */
const STATES = ['wait', 'delayed', 'failed', 'prioritized', 'paused', 'active']

/** The hash of each job and its data as JSON. */
export async function* storedJobs(
  redis: RedisConnection,
  queue: string,
): AsyncGenerator<{ hash: string; data: string }> {
  for (const state of STATES) {
    for (const id of await idsIn(redis, queueKey(queue, state))) {
      const hash = queueKey(queue, id)
      const data = await redis.hget(hash, JOB_DATA)
      if (data) yield { hash, data }
    }
  }
}

async function idsIn(redis: RedisConnection, key: string): Promise<string[]> {
  const type = await redis.type(key)
  if (type === 'list') return redis.lrange(key, 0, -1)
  return type === 'zset' ? redis.zrange(key, 0, '-1') : []
}
