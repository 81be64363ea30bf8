// Owns: the verdict on one attempt: done, retry or dead. The only place that applies the schedule, the jitter,
// Retry-After and 410.
import { type DeliveryResult, RETRY_JITTER } from '@wxgw/contracts'

export type FailedVerdict =
  | { kind: 'retry'; delayMs: number; error: string }
  /** `disable`: the consumer answered 410, which disables the subscription. */
  | { kind: 'dead'; error: string; disable: boolean }

export type Verdict = { kind: 'done'; reply?: unknown; replyProblem?: string } | FailedVerdict

type AttemptContext = {
  /** The first is 1. */
  attempt: number
  /** Whole seconds to wait after each failed attempt. There are 1 + its length attempts. */
  scheduleSeconds: readonly number[]
  /** A number in [0, 1). */
  random(): number
}

/** WeChat would not accept the consumer's `reply`: the attempt has failed, whatever the status. */
export const INVALID_REPLY = 'invalid reply'

export function judgeAttempt(result: DeliveryResult, context: AttemptContext): Verdict {
  if (result.outcome !== 'delivered') return judgeFailedAttempt(result, context)
  const { reply, replyProblem } = result
  return {
    kind: 'done',
    ...(reply === undefined ? {} : { reply }),
    ...(replyProblem === undefined ? {} : { replyProblem }),
  }
}

function judgeFailedAttempt(
  result: Exclude<DeliveryResult, { outcome: 'delivered' }>,
  context: AttemptContext,
): FailedVerdict {
  switch (result.outcome) {
    case 'rejected': {
      const error = `HTTP ${result.status}`
      return result.gone
        ? { kind: 'dead', error, disable: true }
        : judgeFailure(error, context, result.retryAfterSeconds)
    }
    case 'unreachable':
      return judgeFailure(result.reason, context)
    case 'blocked':
      // Retried: a host that resolves to a private address today may resolve to a public one later.
      return judgeFailure(`blocked: ${result.reason}`, context)
    default:
      return result satisfies never
  }
}

/** `error`: a short text that callers may see, never a body, a URL or a secret. */
export function judgeFailure(error: string, context: AttemptContext, retryAfterSeconds?: number): FailedVerdict {
  const delayMs = retryDelayMs(context, retryAfterSeconds)
  return delayMs === undefined ? { kind: 'dead', error, disable: false } : { kind: 'retry', delayMs, error }
}

/**
 * The schedule's delay plus at most 20 % jitter. A longer Retry-After is obeyed up to twice the delay. undefined when
 * the schedule has no more attempts.
 */
export function retryDelayMs(context: AttemptContext, retryAfterSeconds?: number): number | undefined {
  const { attempt, scheduleSeconds, random } = context
  const seconds = scheduleSeconds[attempt - 1]
  if (seconds === undefined) return undefined
  const jitteredMs = Math.floor(seconds * 1_000 * (1 + RETRY_JITTER * random()))
  const wantedMs = Math.min((retryAfterSeconds ?? 0) * 1_000, 2 * seconds * 1_000)
  return Math.max(jitteredMs, wantedMs)
}
