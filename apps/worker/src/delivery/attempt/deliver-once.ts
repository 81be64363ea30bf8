// Owns: the one sequence of an attempt at a delivery: attempt, judge, log, record, conclude. First attempts, the queues
// of subscriptions and replays all use it; each of them decides what the outcome means for its queue.
import type { DeliveryJob, DeliveryResult, Subscription } from '@wxgw/contracts'
import type { Replies } from '@wxgw/platform'
import type { MadeAttempt } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import { isStoreAway, type StopSignal } from '@wxgw/wechat-core'
import type { Sinks } from '../../sinks/sink.ts'
import { attemptSink, type Interrupted } from './attempt-sink.ts'
import { type ConcludeDeps, type Concluded, concludeFailure } from './conclude-failure.ts'
import { type FailedVerdict, INVALID_REPLY, judgeAttempt, judgeFailure, type Verdict } from './judge-attempt.ts'
import { recordState } from './record-state.ts'

export type DeliverOnceDeps = ConcludeDeps & {
  /** For the metrics. Called as soon as the attempt is judged. */
  onAttempt(attempt: JudgedAttempt): void
  sinks: Sinks
  replies: Pick<Replies, 'offer'>
  /** A number in [0, 1), for the jitter. */
  random(): number
  log: Log
}

/** `durationMs`: undefined when Redis wrote it in the step that recorded the event. */
export type JudgedAttempt = { subscription: string; outcome: 'delivered' | 'failed'; durationMs?: number }

export type OneDelivery = {
  delivery: DeliveryJob
  /** As it is now. */
  subscription: Subscription
  /** The first is 1. */
  attempt: number
  stop: StopSignal
  /** The event as JSON, when it is serialized already. */
  body?: string
  /** Called as soon as the attempt is judged, before anything is written about it. */
  onAttempted?(attempt: { outcome: 'delivered' | 'failed' | 'uncounted'; durationMs: number }): void
  /** Decides what follows from a failure. Default: concludeFailure. */
  conclude?(verdict: FailedVerdict, made: MadeAttempt): Promise<Concluded>
  /** Whether the attempt gets a line in the log. Default true. */
  isLogged?: boolean
}

export type Delivered =
  | { kind: 'delivered'; reply?: unknown }
  | Concluded
  /**
   * There was no complete attempt, so none is counted: the process ends, or there was a fault of our own, such as a
   * queue or a stream whose master is away.
   */
  | { kind: 'uncounted'; fault?: unknown }

/** Rejects when the store cannot be asked whether another attempt is to be made. A successful attempt never rejects. */
export async function deliverOnce(deps: DeliverOnceDeps, one: OneDelivery): Promise<Delivered> {
  const { delivery, subscription, attempt, onAttempted, conclude, isLogged = true } = one
  const { clock, log, statistics, health } = deps

  const startedAtMs = clock.nowMs()
  const result = await attemptOnce(deps, one)
  if (result.outcome === 'interrupted' || result.outcome === 'fault') {
    onAttempted?.({ outcome: 'uncounted', durationMs: clock.nowMs() - startedAtMs })
    return { kind: 'uncounted', ...('error' in result ? { fault: result.error } : {}) }
  }

  const verdict = await judge(deps, one, result)
  const durationMs = clock.nowMs() - startedAtMs
  const outcome = verdict.kind === 'done' ? 'delivered' : 'failed'
  statistics.count(outcome)
  deps.onAttempt({ subscription: subscription.name, outcome, durationMs })
  onAttempted?.({ outcome, durationMs })

  if (isLogged) log.info(logLine(one, verdict, durationMs), 'delivery.attempted')

  const made = madeAttempt(result, verdict, { attempt, startedAtMs, durationMs })
  if (verdict.kind !== 'done') {
    return conclude ? conclude(verdict, made) : concludeFailure(deps, { delivery, subscription, made, verdict })
  }
  health.succeeded(subscription.name, durationMs)
  await recordState(deps, {
    event: delivery.event,
    subscription: subscription.name,
    status: 'delivered',
    attempts: attempt,
    deliveredAtMs: clock.nowMs(),
    lastError: verdict.replyProblem,
    made,
  })
  return verdict.reply === undefined ? { kind: 'delivered' } : { kind: 'delivered', reply: verdict.reply }
}

/**
 * Counts the deliveries of one event that Redis made in the step that recorded it (recorded-writes.ts). They are
 * recorded as delivered already; those that Redis did not make go through `deliverOnce`.
 */
export function concludeWritten(
  { statistics, health, onAttempt }: Pick<DeliverOnceDeps, 'statistics' | 'health' | 'onAttempt'>,
  subscriptions: readonly string[],
): void {
  statistics.count('delivered', subscriptions.length)
  for (const name of subscriptions) {
    health.succeeded(name, 0)
    onAttempt({ subscription: name, outcome: 'delivered' })
  }
}

type Fault = { outcome: 'fault'; error: unknown }

/** Never rejects: a fault of our own must not count against the consumer, nor fail the deliveries beside this one. */
async function attemptOnce(
  { sinks, log }: DeliverOnceDeps,
  { delivery, subscription, body, stop }: OneDelivery,
): Promise<DeliveryResult | Interrupted | Fault> {
  const { event, deliveryId } = delivery
  try {
    return await attemptSink(sinks, { subscription, event, body: body ?? JSON.stringify(event), deliveryId }, stop)
  } catch (error) {
    // Readiness reports that Redis is away.
    if (!isStoreAway(error)) {
      log.warn({ eventId: event.id, subscription: subscription.name, err: error }, 'delivery.postponed')
    }
    return { outcome: 'fault', error }
  }
}

/** Judges the result and, when a push waits for a reply of this subscription, the reply. Other replies are ignored. */
async function judge(deps: DeliverOnceDeps, one: OneDelivery, result: DeliveryResult): Promise<Verdict> {
  const { attempt, delivery } = one
  const { event, subscription, scheduleSeconds, reply: awaited } = delivery
  const context = { attempt, scheduleSeconds, random: deps.random }
  const verdict = judgeAttempt(result, context)
  if (verdict.kind !== 'done') return verdict
  if (awaited === undefined) return { kind: 'done' }
  if (verdict.reply === undefined) return verdict
  try {
    const outcome = await deps.replies.offer(event.id, verdict.reply, { event })
    return outcome === 'invalid' ? judgeFailure(INVALID_REPLY, context) : verdict
  } catch (error) {
    // The consumer has answered correctly. Delivering the event again could not bring its reply in time.
    deps.log.warn({ eventId: event.id, subscription, err: error }, 'reply.lost')
    return verdict
  }
}

function logLine({ delivery, subscription, attempt }: OneDelivery, verdict: Verdict, durationMs: number) {
  const isDone = verdict.kind === 'done'
  return {
    eventId: delivery.event.id,
    subscription: subscription.name,
    attempt,
    durationMs,
    outcome: isDone ? 'delivered' : verdict.kind,
    replyProblem: isDone ? verdict.replyProblem : undefined,
    error: isDone ? undefined : verdict.error,
    retryInMs: verdict.kind === 'retry' ? verdict.delayMs : undefined,
  }
}

function madeAttempt(
  result: DeliveryResult,
  verdict: Verdict,
  { attempt, startedAtMs, durationMs }: Pick<MadeAttempt, 'attempt' | 'startedAtMs' | 'durationMs'>,
): MadeAttempt {
  const isDone = verdict.kind === 'done'
  return {
    attempt,
    startedAtMs,
    durationMs,
    outcome: isDone ? 'delivered' : 'failed',
    httpStatus: 'status' in result ? result.status : undefined,
    error: isDone ? verdict.replyProblem : verdict.error,
    answer: 'answer' in result ? result.answer : undefined,
  }
}
