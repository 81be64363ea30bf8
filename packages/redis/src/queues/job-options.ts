// Owns: how often and how long each kind of job is tried, and what is kept of it afterwards.
import { backoffMs } from '@wxgw/wechat-core'
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
 * The exchange of a code whose event was emitted already: an hour longer than a code is valid, so that the account is
 * found in WeChat's list even when WeChat was unreachable for all of that time. attempt 126: 2 h
 */
export const EXCHANGE_ATTEMPTS = 126

/**
 * Fan-out: the same backoff for a day, because only Redis can make it fail. 1440 minutes after the first 63 s.
 */
export const FAN_OUT_ATTEMPTS = 1_446

/** 1 s, 2 s, 4 s, 8 s, 16 s: WeChat waits only seconds for the answer to its release check. */
export const RELEASE_CHECK_ATTEMPTS = 6

/** A sync gives up after 63 s and four minutes: its caller can start another one. */
export const SYNC_ATTEMPTS = 11

/** The rest of a large replay or discard, which was answered 202: tried as long as a fan-out. */
export const DEAD_LETTERS_ATTEMPTS = FAN_OUT_ATTEMPTS

/** The rest of a large erasure, which was answered 202. */
export const ERASE_ATTEMPTS = FAN_OUT_ATTEMPTS

const FIRST_DELAY_MS = 1_000
const LONGEST_DELAY_MS = 60_000

/** The delay after the n-th failed attempt, n from 1: exponential from 1 s, at most 60 s. */
export function exponentialBackoffMs(attempt: number): number {
  return backoffMs(attempt - 1, { firstMs: FIRST_DELAY_MS, longestMs: LONGEST_DELAY_MS })
}

/** BullMQ calls the worker's backoffStrategy for the delay (queue-worker.ts). */
const workerDecides = { type: 'worker' } as const

const known = new Map<number, PlainJobOptions>()

/**
 * A completed job is removed, because it may contain a sealed secret. A job that failed for good is kept for the
 * operator. The same object for the same number of attempts.
 */
export function jobOptions(attempts: number): PlainJobOptions {
  // No stack traces in Redis: they may contain secrets, and take space.
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

/** Of a job in a consumer's queue. The consumer decides about attempts; the gateway bounds the space of ended jobs. */
export const CONSUMER_JOB_OPTIONS: PlainJobOptions = {
  removeOnComplete: { count: 1_000 },
  removeOnFail: { count: 10_000 },
}
