// Owns: one attempt at one delivery, and what it comes to. The queue's own means (delay, failed set) are applied by the caller.
import { type DeliveryJob, type DeliveryResult, type GatewayEvent, orderingKey, type Subscription } from '@wxgw/contracts'
import type { StopSignal } from '@wxgw/wechat-core'
import type { Sinks } from '../sinks/sink.ts'
import { attemptSink } from './attempt-sink.ts'
import { SUBSCRIPTION_DISABLED } from './conclude-failure.ts'
import type { DeliveryHealth } from './delivery-health.ts'
import { deliverOnce, type DeliverOnceDeps } from './deliver-once.ts'
import type { DirectCalls } from './direct-calls.ts'
import { type AttemptContext, INVALID_REPLY, judgeAttempt, judgeFailure, type Verdict } from './judge-attempt.ts'
import { recordState } from './record-state.ts'
import type { ThrottleTurns } from './throttle-turns.ts'

export type DeliverDeps = DeliverOnceDeps & {
  sinks: Sinks
  directCalls: Pick<DirectCalls, 'seen'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'pass' | 'release'>
  throttleTurns: ThrottleTurns
  /**
   * Hands a consumer's passive reply to whoever waits for it, or to the fallback. `unwanted`: too late, or answered already.
   * `invalid`: no reply at all; the delivery counts as failed.
   */
  offerReply(event: GatewayEvent, reply: unknown): Promise<'accepted' | 'unwanted' | 'invalid'>
}

export type Attempt = {
  /** From 1, counting only attempts that were made. */
  number: number
  /** Aborted when the process has to end before the attempt does. */
  signal: StopSignal
}

export type DeliveryOutcome =
  /** `dropped`: the subscription is gone, and the delivery with it. */
  | { kind: 'done'; what: 'delivered' | 'dropped'; reply?: unknown }
  | { kind: 'retry'; delayMs: number; error: string }
  /** `attempts`: how many were made, when this was none. */
  | { kind: 'dead'; error: string; attempts?: number }
  /** Through no fault of the consumer there was no whole attempt: none is to be counted. */
  | { kind: 'delay'; delayMs: number }
  /** The subscription is paused: the delivery keeps its place. */
  | { kind: 'back' }

export type Deliver = (job: DeliveryJob, attempt: Attempt) => Promise<DeliveryOutcome>

const OWN_FAULT_PAUSE_MS = 1_000

/**
 * Safe to run twice: the consumer knows an event by its id. Never rejects for what a consumer does; a fault of our own (the
 * store is away) delays. An attempt for which a push still waits has the sink's whole `timeoutMs` all the same: whoever
 * waits gives up by himself, and to cut a slow consumer off would only deliver to it twice and lose what the fallback sends.
 */
export function createDeliver(deps: DeliverDeps): Deliver {
  return async (job, attempt) => {
    try {
      return await deliver(deps, job, attempt)
    } catch (error) {
      deps.log.warn({ eventId: job.event.id, subscription: job.subscription, err: error }, 'delivery.postponed')
      return { kind: 'delay', delayMs: OWN_FAULT_PAUSE_MS }
    }
  }
}

async function deliver(deps: DeliverDeps, job: DeliveryJob, { number: attempt, signal }: Attempt): Promise<DeliveryOutcome> {
  const { health } = deps
  const about = { event: job.event, subscription: job.subscription }
  const first = await recipientOf(deps, job, attempt)
  if ('outcome' in first) return first.outcome
  // Waited for here, in a place that only this subscription's deliveries have: a delayed job each would keep Redis busy.
  const hasPassed = await health.pass(job.subscription, leaseMs(first.subscription), signal)
  const turn = await deps.throttleTurns.take(first.subscription, job, signal)
  // Meanwhile it may have been paused, disabled or deleted.
  const found = hasPassed || turn.kind === 'later' || turn.hasWaited ? await recipientOf(deps, job, attempt) : first
  if (turn.kind === 'later' || 'outcome' in found) {
    if (hasPassed) await health.release(job.subscription)
    return 'outcome' in found ? found.outcome : { kind: 'delay', delayMs: turn.kind === 'later' ? turn.delayMs : 0 }
  }

  const { subscription } = found
  const { name, sink, createdAtMs } = subscription
  const request = { subscription, event: job.event, body: JSON.stringify(job.event), deliveryId: job.deliveryId }
  const delivered = await deliverOnce(deps, {
    about,
    createdAtMs,
    attempt,
    scheduleSeconds: job.scheduleSeconds,
    orderingKey: orderingKey(subscription, job.event),
    make: () => attemptSink(deps.sinks, request, signal),
    judge: (result, context) => withReply(deps, job, { result, context }),
    onAttempted({ outcome, durationMs }) {
      if (outcome === 'interrupted') return
      if (sink.kind !== 'webhook') return
      deps.directCalls.seen({ subscription: name, url: sink.url }, { delivered: outcome === 'delivered', durationMs })
    },
  })
  switch (delivered.kind) {
    case 'delivered':
      return { ...delivered, kind: 'done', what: 'delivered' }
    case 'dropped':
      return { kind: 'done', what: 'dropped' }
    case 'interrupted':
      if (hasPassed) await health.release(name)
      return { kind: 'delay', delayMs: 0 }
    default:
      return delivered
  }
}

const LEASE_MARGIN_MS = 5_000

/** What an attempt takes at most: a process that dies during one holds the others up no longer. */
function leaseMs({ sink }: Subscription): number {
  return (sink.kind === 'webhook' ? sink.timeoutMs : 0) + LEASE_MARGIN_MS
}

/** The subscription that gets it now, or what becomes of the delivery without an attempt. */
async function recipientOf(
  deps: DeliverDeps,
  job: DeliveryJob,
  attempt: number,
): Promise<{ subscription: Subscription } | { outcome: DeliveryOutcome }> {
  const about = { event: job.event, subscription: job.subscription }
  const subscription = await deps.subscriptions.get(job.subscription)
  if (!subscription || subscription.createdAtMs !== (job.subscribedAtMs ?? subscription.createdAtMs)) {
    await recordState(deps, { ...about, status: 'discarded', attempts: attempt - 1 })
    return { outcome: { kind: 'done', what: 'dropped' } }
  }
  if (!subscription.enabled) {
    const attempts = attempt - 1
    await recordState(deps, { ...about, status: 'dead', attempts, lastError: SUBSCRIPTION_DISABLED })
    return { outcome: { kind: 'dead', error: SUBSCRIPTION_DISABLED, attempts } }
  }
  return subscription.paused ? { outcome: { kind: 'back' } } : { subscription }
}

async function withReply(
  { offerReply, log }: DeliverDeps,
  job: DeliveryJob,
  { result, context }: { result: DeliveryResult; context: AttemptContext },
): Promise<Verdict> {
  const verdict = judgeAttempt(result, context)
  if (verdict.kind !== 'done') return verdict
  // Only the subscription that the push waited for may answer it; to the others, and to replays, a reply means nothing.
  if (job.reply === undefined) return { kind: 'done' }
  if (verdict.reply === undefined) return verdict
  try {
    const accepted = await offerReply(job.event, verdict.reply)
    return accepted === 'invalid' ? judgeFailure(INVALID_REPLY, context) : verdict
  } catch (error) {
    // The consumer has done its part; sending it the event again would not bring the reply back in time.
    log.warn({ eventId: job.event.id, subscription: job.subscription, err: error }, 'reply.lost')
    return verdict
  }
}
