// Owns: moving jobs from one queue to another, while workers may run on both, which BullMQ's API cannot.
import { randomUUID } from 'node:crypto'
import type { RedisConnection } from '../connect.ts'
import { isDeliveryId, queueKey } from '../keys.ts'
import { adoptJob, claimJob, removeClaimed, removeEmptyQueue } from './move-scripts.ts'

/** The owner in the data of a job. */
export type Owner = { platform: string; subscription?: string }

export type Move = {
  from: string
  /** undefined: the jobs are dropped. */
  to: string | undefined
  /** Only the jobs of this subscription; undefined = all. */
  owner: Owner | undefined
  /** When aborted, the running batch is the last one. */
  signal?: AbortSignal | undefined
}

/** `left`: jobs that remain for the next call, because a worker runs them, they were too many, or it was aborted. */
type Moved = { moved: number; left: number }

/**
 * In this order: begun jobs before waiting ones, and `failed` late, so that jobs that fail meanwhile are moved, too.
 */
const STATES = ['active', 'wait', 'paused', 'prioritized', 'delayed', 'failed', 'completed'] as const
type State = (typeof STATES)[number]

/** States of jobs that will still run. Jobs in the others have ended. */
const WITH_JOBS = [...STATES, 'waiting-children']
const BESIDES = ['id', 'meta', 'events', 'marker', 'stalled', 'stalled-check', 'pc', 'limiter']
const LOCK_MS = 30_000
const BATCH = 100
/** Jobs of one state per call, so that one subscription does not delay the others. */
const MOST = 10_000
/** Ends the loop when the queue is refilled meanwhile. */
const MAX_ROUNDS = 1_000
/** The fields that are moved. Others that a consumer's library stored (parents, repetitions) are lost. */
const FIELDS = [
  ...['name', 'data', 'opts', 'timestamp', 'delay', 'priority', 'deid', 'defa'],
  ...['atm', 'ats', 'failedReason', 'stacktrace', 'processedOn', 'finishedOn'],
]

/** One command. True as long as there is something to move or to remove. */
export async function queueExists(redis: RedisConnection, queue: string): Promise<boolean> {
  return (await redis.exists([...WITH_JOBS, 'id', 'meta'].map((name) => queueKey(queue, name)))) > 0
}

/**
 * Attempts, failures with their dates, and delays are kept. A job is added under its id before it is removed, so a
 * crash loses none, but it may run twice then. Safe to run in several processes at once. The old queue is removed when
 * it has no jobs any more.
 */
export async function moveJobs(redis: RedisConnection, move: Move): Promise<Moved> {
  const total: Moved = { moved: 0, left: 0 }
  for (const state of STATES) {
    const { moved, left } = await moveState(redis, move, state)
    total.moved += moved
    total.left += left
  }
  const names = [...WITH_JOBS, ...BESIDES].map((name) => queueKey(move.from, name))
  if (total.left === 0) await removeEmptyQueue(redis, { names, count: WITH_JOBS.length })
  return total
}

/** Removes the jobs of a deleted subscription. Those of other subscriptions in the queue stay. */
export async function dropJobs(redis: RedisConnection, from: string, owner: Owner): Promise<void> {
  const round = () => moveJobs(redis, { from, to: undefined, owner })
  for (let count = 0; count < MAX_ROUNDS && (await round()).moved > 0;) count += 1
}

async function moveState(redis: RedisConnection, move: Move, state: State): Promise<Moved> {
  const key = queueKey(move.from, state)
  const type = await redis.type(key)
  if (type !== 'list' && type !== 'zset') return { moved: 0, left: 0 }
  const total: Moved = { moved: 0, left: 0 }
  // Jobs that stay in the list, which the next page skips.
  let passed = 0
  for (let seen = 0; seen < MOST && !move.signal?.aborted; seen += BATCH) {
    // Workers take from the end of a list.
    const ids =
      type === 'list'
        ? (await redis.lrange(key, -(passed + BATCH), -(passed + 1))).reverse()
        : await redis.zrange(key, String(passed), String(passed + BATCH - 1))
    const outcomes = await Promise.all(ids.map((id) => moveOne(redis, { ...move, state, id })))
    const moved = outcomes.filter((outcome) => outcome === 'moved').length
    const left = outcomes.filter((outcome) => outcome === 'left').length
    total.moved += moved
    total.left += left
    passed += ids.length - moved
    if (ids.length < BATCH) return total
  }
  return { ...total, left: total.left + 1 }
}

type OneMove = Move & { state: State; id: string }

async function moveOne(redis: RedisConnection, move: OneMove): Promise<'moved' | 'left' | 'not ours'> {
  const { from, to, owner, state, id } = move
  // A consumer may have written anything into its queue; another id could be a key of the new queue's own.
  if (!isDeliveryId(id)) return 'not ours'
  const token = randomUUID()
  const [job, lock] = [queueKey(from, id), queueKey(from, `${id}:lock`)]
  const claimed = await claimJob(redis, {
    from: queueKey(from, state),
    active: queueKey(from, 'active'),
    job,
    lock,
    id,
    state,
    token,
    life: LOCK_MS,
    platform: owner?.platform ?? '',
    subscription: owner?.subscription ?? '',
    fields: FIELDS,
  })
  if (!Array.isArray(claimed)) return claimed === 1 ? 'left' : 'not ours'
  const [before, score, ...values]: unknown[] = claimed
  // Completed jobs are not moved.
  if (to !== undefined && before !== 'completed') {
    await adopt(redis, { to, id, state: String(before), score: String(score), values })
  }
  await removeClaimed(redis, {
    active: queueKey(from, 'active'),
    failed: queueKey(from, 'failed'),
    completed: queueKey(from, 'completed'),
    lock,
    job,
    logs: queueKey(from, `${id}:logs`),
    id,
    token,
  })
  return 'moved'
}

type Adopted = { to: string; id: string; state: string; score: string; values: readonly unknown[] }

async function adopt(redis: RedisConnection, { to, id, state, score, values }: Adopted): Promise<void> {
  const into = state === 'paused' ? 'wait' : state
  const kept = FIELDS.flatMap((name, index) => {
    const value = values[index]
    return typeof value === 'string' ? [name, value] : []
  })
  await adoptJob(redis, {
    job: queueKey(to, id),
    into: queueKey(to, into),
    meta: queueKey(to, 'meta'),
    marker: queueKey(to, 'marker'),
    delayed: queueKey(to, 'delayed'),
    id,
    state: into,
    score,
    fields: kept,
  })
}
