// Owns: removing a consumer's queue. The consumer may have written anything into it, so nothing that stands there is
// followed: each key that is removed begins with the queue's own prefix, whatever a job says of parents, and whatever
// type a key has.
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
/** In one step; Redis serves nobody else meanwhile. */
const BATCH = 500
/** So many that no queue has more jobs; one that is refilled while it is cleared does not keep us. */
const MOST_BATCHES = 20_000

const removeJobs = defineScript({ name: 'bullmq-format/remove-jobs', keys: ['list'], args: ['prefix', 'most'] })

/** Safe to repeat. What no list of the queue names any more is left. */
export async function clearConsumerQueue(redis: RedisConnection, queue: string): Promise<void> {
  const prefix = queueKey(queue, '')
  for (const list of JOB_LISTS) {
    const step = () => removeJobs(redis, { list: prefix + list, prefix, most: BATCH })
    for (let batch = 0; batch < MOST_BATCHES && (await step()) === 1; ) batch += 1
  }
  await redis.unlink(OTHERS.map((name) => prefix + name))
}
