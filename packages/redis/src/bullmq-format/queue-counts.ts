// Owns: how many jobs of a queue wait, run and have failed, and since when the oldest waits. The cost does not depend
// on their number.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { allSucceeded } from '../store-errors.ts'

export type QueueCounts = {
  /** Retries included. */
  waiting: number
  /** The oldest of the jobs that are due next and of the retries that have waited longest. null: none waits. */
  oldestWaitingMs: number | null
  /** As long as a worker could have taken one already: a retry counts from when it was due. null: none is due. */
  longestDueMs: number | null
  inFlight: number
  /** Of a deliveries queue: those that failed for good. */
  deadLetters: number
}

/** As the script says it. */
const NONE = -1

const oldestJob = defineScript({
  name: 'bullmq-format/oldest-job',
  keys: ['wait', 'delayed', 'prioritized'],
  args: ['prefix'],
})

/** When the job that is taken next was added. Infinity: none waits. Rejects as a command that Redis does not answer. */
export async function nextJobAddedMs(redis: RedisConnection, queue: string): Promise<number> {
  const jobId = await redis.lindex(queueKey(queue, 'wait'), -1)
  const timestamp = jobId === null ? null : await redis.hget(queueKey(queue, jobId), 'timestamp')
  return timestamp === null ? Infinity : Number(timestamp)
}

/** Rejects as a command that Redis does not answer. */
export async function readQueueCounts(redis: RedisConnection, queue: string): Promise<QueueCounts> {
  const key = (what: string) => queueKey(queue, what)
  const keys = { wait: key('wait'), delayed: key('delayed'), prioritized: key('prioritized') }
  const pipeline = redis
    .pipeline()
    .llen(keys.wait)
    .zcard(keys.delayed)
    .zcard(keys.prioritized)
    .llen(key('active'))
    .zcard(key('failed'))
  const [counts, times] = await Promise.all([pipeline.exec(), oldestJob(redis, { ...keys, prefix: key('') })])
  const [wait = 0, delayed = 0, prioritized = 0, inFlight = 0, deadLetters = 0] = allSucceeded(counts).map(Number)
  const waiting = wait + delayed + prioritized
  const [addedAtMs = NONE, dueAtMs = NONE] = Array.isArray(times) && waiting > 0 ? times.map(Number) : []
  const nowMs = Date.now()
  return {
    waiting,
    inFlight,
    deadLetters,
    oldestWaitingMs: addedAtMs === NONE ? null : Math.max(nowMs - addedAtMs, 0),
    longestDueMs: dueAtMs === NONE || dueAtMs > nowMs ? null : nowMs - dueAtMs,
  }
}
