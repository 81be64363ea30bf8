// Owns: seeing, without taking anything, whether a queue has work for a worker. The one place outside BullMQ's scripts
// and ours that reads a queue's lists.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { LOCK_MS } from '../queues/queue-worker.ts'
import { defineScript } from '../lua/define-script.ts'

/**
 * In how many milliseconds there is work in this queue: 0 = now, undefined = there is none to be seen. Work is a job
 * that waits, one whose delay is over, and one whose lock its worker no longer renews: BullMQ notices it in two checks,
 * five seconds apart, so that the first is to be made before the lock ends. A paused queue has none.
 */
export type PendingWork = (queue: string) => Promise<number | undefined>

/** Locks are renewed when half of their time is over (queue-worker.ts); a second for those that are late. */
const RENEWED_LOCK_MS = LOCK_MS / 2 - 1_000

const lookForWork = defineScript({
  name: 'bullmq-format/look-for-work',
  keys: ['wait', 'prioritized', 'delayed', 'active', 'meta'],
  args: ['prefix', 'nowMs', 'renewedMs'],
})

/** Rejects as a command that Redis does not answer. Changes nothing. */
export function createPendingWork(redis: RedisConnection): PendingWork {
  return async (queue) => {
    const prefix = queueKey(queue, '')
    const answer = await lookForWork(redis, {
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
