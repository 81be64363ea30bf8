// Owns: removing a consumer's queue. The consumer may have written anything into it, so no reference in it is followed,
// for example to a parent of a job: only keys with the queue's own prefix are removed, whatever their type.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

/** Lists and sorted sets of job ids. */
const JOB_LISTS = ['wait', 'active', 'paused', 'delayed', 'prioritized', 'completed', 'failed', 'waiting-children']
const OTHERS = [
  'id',
  'meta',
  'marker',
  'events',
  'stalled',
  'stalled-check',
  'limiter',
  'pc',
  'repeat',
  'metrics:completed',
  'metrics:failed',
]
/** Keys per step. Redis serves no other command during a step. */
const BATCH = 500
/** More than any queue needs. It ends the loop when the consumer refills its queue meanwhile. */
const MAX_BATCHES = 20_000

const removeJobs = defineScript({ name: 'bullmq-format/remove-jobs', keys: ['list'], args: ['prefix', 'limit'] })

/** Safe to repeat. Keys of jobs that are in no list of the queue are left. */
export async function clearConsumerQueue(redis: RedisConnection, queue: string): Promise<void> {
  const prefix = queueKey(queue, '')
  for (const list of JOB_LISTS) {
    const step = () => removeJobs(redis, { list: prefix + list, prefix, limit: BATCH })
    for (let batch = 0; batch < MAX_BATCHES && (await step()) === 1;) batch += 1
  }
  await redis.unlink(OTHERS.map((name) => prefix + name))
}
