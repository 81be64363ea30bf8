// Owns: how often and how long each kind of job is tried, and what is kept of it afterwards.
import type { JobsOptions } from 'bullmq'

export type PlainJobOptions = Pick<
  JobsOptions,
  'attempts' | 'backoff' | 'removeOnComplete' | 'removeOnFail' | 'stackTraceLimit'
>

/**
 * Component events and profiles: at once after 1 s, 2 s, 4 s … 32 s, then every 60 s, until an hour has passed.
 * attempt  7: 63 s      8: 2 min 3 s     36: 30 min 3 s     66: 60 min 3 s
 */
export const CONTROL_ATTEMPTS = 66

/**
 * The exchange of a code whose event has been announced: an hour longer than the code works, so that the account is
 * looked up when WeChat was out of reach for all of that time. attempt 126: 2 h
 */
export const EXCHANGE_ATTEMPTS = 126

/**
 * Fan-out: the same ladder for a day. It only reads and writes Redis, so what fails here is Redis itself.
 * 1440 minutes after the first 63 s.
 */
export const FAN_OUT_ATTEMPTS = 1_446

/** The release check is watched by WeChat for seconds: 1 s, 2 s, 4 s, 8 s, 16 s, and then nobody waits any longer. */
export const RELEASE_CHECK_ATTEMPTS = 6

/** authorizers/sync gives up sooner: somebody asked and can ask again. 63 s and four minutes. */
export const SYNC_ATTEMPTS = 11

/** The rest of a large replay or discard: as long as a fan-out, since what was asked for was answered 202. */
export const DEAD_LETTERS_ATTEMPTS = FAN_OUT_ATTEMPTS

/** What was answered 202 is to be done. */
export const ERASE_ATTEMPTS = FAN_OUT_ATTEMPTS

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000

/** The delay after the n-th failed attempt, n from 1: exponential from 1 s, at most 60 s. */
export function exponentialBackoffMs(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 16), LONGEST_DELAY_MS)
}

/** Tells BullMQ to ask the worker for the delay (queue-worker.ts). */
const workerDecides = { type: 'worker' } as const

const known = new Map<number, PlainJobOptions>()

/**
 * Removed when done: a secret inside, though sealed, shall not lie about. Kept when failed for good: somebody must
 * look. The same object for as many attempts.
 */
export function jobOptions(attempts: number): PlainJobOptions {
  // No stack traces in Redis: they show what is none of Redis' business and fill it.
  const options = known.get(attempts) ?? {
    attempts,
    backoff: workerDecides,
    removeOnComplete: true,
    removeOnFail: false,
    stackTraceLimit: 0,
  }
  known.set(attempts, options)
  return options
}

/**
 * Of a job for a consumer: how often it is tried and what becomes of it is the consumer's business; only the space it
 * takes is ours.
 */
export const CONSUMER_JOB_OPTIONS: PlainJobOptions = {
  removeOnComplete: { count: 1_000 },
  removeOnFail: { count: 10_000 },
}
