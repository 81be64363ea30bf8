// Owns: the one sequence of a delivery: attempt, judge, tell the log, record, conclude. Who may attempt it, and what
// its end means for the queue, is decided by those who call this: the fan-out (first-attempt.ts) and the subscription's
// queue (deliver.ts).
import type { DeliveryResult } from '@wxgw/contracts'
import type { MadeAttempt } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import type { Interrupted } from './attempt-sink.ts'
import { type ConcludeDeps, type Concluded, concludeFailure } from './conclude-failure.ts'
import { type AttemptContext, type FailedVerdict, judgeAttempt, type Verdict } from './judge-attempt.ts'
import { logAttempt } from './log-attempt.ts'
import { type AboutDelivery, recordState } from './record-state.ts'

export type DeliverOnceDeps = ConcludeDeps & {
  clock: Clock
  /** In [0, 1), for the jitter. */
  random(): number
  log: Log
}

export type OneDelivery = {
  about: AboutDelivery
  /** Of the subscription that is tried. */
  createdAtMs: number
  /** From 1. */
  attempt: number
  scheduleSeconds: readonly number[]
  /** Of deliveries that wait for each other. */
  orderingKey?: string | undefined
  make(): Promise<DeliveryResult | Interrupted>
  /** Default: by the result alone. */
  judge?(result: DeliveryResult, context: AttemptContext): Promise<Verdict>
  /** What a failure comes to. Default: concludeFailure. */
  conclude?(verdict: FailedVerdict, made: MadeAttempt): Promise<Concluded>
  /** As soon as the attempt is judged, before anything is written about it. */
  onAttempted?(attempt: { outcome: 'delivered' | 'failed' | 'interrupted'; durationMs: number }): void
  /** False: the attempt leaves no line in the log. Default true. */
  isLogged?: boolean
}

export type Delivered = { kind: 'delivered'; reply?: unknown } | Concluded | { kind: 'interrupted' }

/**
 * Rejects as `make`, and when the store cannot say whether there is another attempt. What was delivered is never lost
 * by that.
 */
export async function deliverOnce(deps: DeliverOnceDeps, delivery: OneDelivery): Promise<Delivered> {
  const { about, createdAtMs, attempt, scheduleSeconds, make, judge, conclude, onAttempted, orderingKey, isLogged = true } = delivery
  const { clock, random } = deps
  const startedAtMs = clock.nowMs()
  const result = await make()
  if (result.outcome === 'interrupted') {
    onAttempted?.({ outcome: 'interrupted', durationMs: clock.nowMs() - startedAtMs })
    return { kind: 'interrupted' }
  }
  const context = { attempt, scheduleSeconds, random }
  const verdict = judge ? await judge(result, context) : judgeAttempt(result, context)
  const durationMs = clock.nowMs() - startedAtMs
  const outcome = verdict.kind === 'done' ? 'delivered' : 'failed'
  deps.statistics.count(outcome)
  onAttempted?.({ outcome, durationMs })
  const { event, subscription } = about
  const made = { ...madeAttempt(result, verdict), attempt, startedAtMs, durationMs }
  if (isLogged) logAttempt(deps.log, { eventId: event.id, subscription, attempt, verdict, durationMs })
  if (verdict.kind === 'done') deps.health.succeeded(subscription, durationMs)
  if (verdict.kind !== 'done') return conclude ? conclude(verdict, made) : concludeFailure(deps, { about, createdAtMs, made, verdict, orderingKey })
  const { replyProblem, kind: _, ...said } = verdict
  const problem = replyProblem === undefined ? {} : { lastError: replyProblem }
  await recordState(deps, { ...about, status: 'delivered', attempts: attempt, deliveredAtMs: clock.nowMs(), ...problem, made })
  return { kind: 'delivered', ...said }
}

function madeAttempt(result: DeliveryResult, verdict: Verdict): Pick<MadeAttempt, 'outcome' | 'httpStatus' | 'error' | 'answer'> {
  const { status: httpStatus, answer } = 'status' in result ? result : { status: undefined, answer: undefined }
  return verdict.kind === 'done'
    ? { outcome: 'delivered', httpStatus, error: verdict.replyProblem, answer }
    : { outcome: 'failed', httpStatus, error: verdict.error, answer }
}
