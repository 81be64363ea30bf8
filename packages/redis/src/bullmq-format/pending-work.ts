// Owns: polling whether a queue has work, without fetching a job.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { LOCK_MS } from '../queues/queue-worker.ts'
import { defineScript } from '../lua/define-script.ts'

/**
 * Milliseconds until there is work in this queue: 0 = now, undefined = none is known. Work is a waiting job, a job
 * whose delay is over, or a job whose lock is no longer renewed. BullMQ finds the last in two checks, five seconds
 * apart, so the first has to happen before the lock ends. A paused queue has no work.
 */
export type PendingWork = (queue: string) => Promise<number | undefined>

/** Locks are renewed at half of their time (queue-worker.ts); one second for late renewals. */
const RENEWED_LOCK_MS = LOCK_MS / 2 - 1_000

const readDueTime = defineScript({
  name: 'bullmq-format/due-time',
  keys: ['wait', 'prioritized', 'delayed', 'active', 'meta'],
  args: ['prefix', 'nowMs', 'renewedMs'],
})

/** Reads only. Rejects with the driver's error. */
export function createPendingWork(redis: RedisConnection): PendingWork {
  return async (queue) => {
    const prefix = queueKey(queue, '')
    const answer = await readDueTime(redis, {
      wait: `${prefix}wait`,
      prioritized: `${prefix}prioritized`,
      delayed: `${prefix}delayed`,
      active: `${prefix}active`,
      meta: `${prefix}meta`,
      prefix,
      nowMs: Date.now(),
      renewedMs: RENEWED_LOCK_MS,
    })
    const dueInMs = Number(answer)
    return dueInMs < 0 ? undefined : dueInMs
  }
}
