// Owns: what follows from one attempt: done, again, or dead. The only place that knows the schedule, the jitter, Retry-After
// and 410.
import { type DeliveryResult, RETRY_JITTER } from '@wxgw/contracts'

export type FailedVerdict =
  | { kind: 'retry'; delayMs: number; error: string }
  /** `disable`: the consumer answered that it never wants anything again. */
  | { kind: 'dead'; error: string; disable: boolean }

export type Verdict = { kind: 'done'; reply?: unknown; replyProblem?: string } | FailedVerdict

export type AttemptContext = {
  /** From 1. */
  attempt: number
  /** Whole seconds to wait after each failed attempt; attempts = 1 + its length. */
  scheduleSeconds: readonly number[]
  /** In [0, 1). */
  random(): number
}

/** The consumer's `reply` is not one that WeChat takes: the attempt has failed, whatever the status. */
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
      // Not final: a name that led to a private address may lead to a public one tomorrow.
      return judgeFailure(`blocked: ${result.reason}`, context)
    default:
      return result satisfies never
  }
}

/** `error` is a short text that may be shown: never a body, a URL or a secret. */
export function judgeFailure(error: string, context: AttemptContext, retryAfterSeconds?: number): FailedVerdict {
  const delayMs = retryDelayMs(context, retryAfterSeconds)
  return delayMs === undefined ? { kind: 'dead', error, disable: false } : { kind: 'retry', delayMs, error }
}

/**
 * The schedule's delay plus at most 20 %, never less; a Retry-After is obeyed up to twice the delay.
 * undefined when the schedule is at its end.
 */
export function retryDelayMs(context: AttemptContext, retryAfterSeconds?: number): number | undefined {
  const { attempt, scheduleSeconds, random } = context
  const seconds = scheduleSeconds[attempt - 1]
  if (seconds === undefined) return undefined
  const jitteredMs = Math.floor(seconds * 1_000 * (1 + RETRY_JITTER * random()))
  const wantedMs = Math.min((retryAfterSeconds ?? 0) * 1_000, 2 * seconds * 1_000)
  return Math.max(jitteredMs, wantedMs)
}
