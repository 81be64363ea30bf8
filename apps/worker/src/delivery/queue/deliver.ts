// Owns: one job of a subscription's queue: at most one attempt at its delivery. It checks the subscription, waits for
// the breaker and the throttle, and answers an outcome that the caller applies to the queue (delay, failed set).
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import type { Replies } from '@wxgw/platform'
import { type StopSignal, within } from '@wxgw/wechat-core'
import { SUBSCRIPTION_DISABLED } from '../attempt/conclude-failure.ts'
import { deliverOnce, type DeliverOnceDeps } from '../attempt/deliver-once.ts'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { recordState } from '../attempt/record-state.ts'
import type { DirectCalls } from '../fan-out/direct-calls.ts'
import type { ThrottleTurns } from './throttle-turns.ts'

export type DeliverDeps = DeliverOnceDeps & {
  directCalls: Pick<DirectCalls, 'observe'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'pass' | 'release' | 'isOpen'>
  replies: Pick<Replies, 'offer' | 'endWait'>
  throttleTurns: ThrottleTurns
}

export type Attempt = {
  /** Of the job in the subscription's queue. A dead letter that is sent again keeps it, with another `deliveryId`. */
  jobId: string
  /** The first is 1. Only attempts that were made count. */
  number: number
  /** A worker was killed while it had the job, maybe after its attempt. Default false. */
  isAfterKill?: boolean
  /** Aborts when the process must not wait for the attempt any longer. */
  signal: StopSignal
}

export type DeliveryOutcome =
  /** `dropped`: the subscription was deleted, and the delivery with it. */
  | { kind: 'done'; what: 'delivered' | 'dropped'; reply?: unknown }
  | { kind: 'retry'; delayMs: number; error: string }
  /** `attempts`: how many were made, when none was made now. */
  | { kind: 'dead'; error: string; attempts?: number }
  /** There was no complete attempt, through no fault of the consumer: none is counted. */
  | { kind: 'delay'; delayMs: number }
  /** The subscription is paused: the delivery keeps its place. */
  | { kind: 'back' }

export type Deliver = (job: DeliveryJob, attempt: Attempt) => Promise<DeliveryOutcome>

const OWN_FAULT_PAUSE_MS = 1_000

/**
 * Safe to run twice: consumers de-duplicate by the event's id. Never rejects: a fault of our own (the store is away)
 * delays the job. An attempt for which a push waits has the sink's whole `timeoutMs` too: to cut off a slow consumer
 * would deliver to it twice and lose the reply that the fallback sends.
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

async function deliver(
  deps: DeliverDeps,
  job: DeliveryJob,
  { number: attempt, signal }: Attempt,
): Promise<DeliveryOutcome> {
  const { health, throttleTurns, directCalls } = deps
  const first = await recipientOf(deps, job, attempt)
  if ('outcome' in first) return first.outcome

  // The job waits here, in a slot of this subscription. Delaying it in the queue instead would keep Redis busy.
  const hasPassed = await passBreaker(deps, { job, subscription: first.subscription, signal })
  const turn = await throttleTurns.take(first.subscription, job, signal)
  // After a wait the subscription may have been paused, disabled or deleted.
  const found = hasPassed || turn.kind === 'later' || turn.hasWaited ? await recipientOf(deps, job, attempt) : first
  if (turn.kind === 'later' || 'outcome' in found) {
    if (hasPassed) await health.release(job.subscription)
    return 'outcome' in found ? found.outcome : { kind: 'delay', delayMs: turn.kind === 'later' ? turn.delayMs : 0 }
  }

  const { subscription } = found
  const { name, sink } = subscription
  const delivered = await deliverOnce(deps, {
    delivery: job,
    subscription,
    attempt,
    stop: signal,
    onAttempted({ outcome, durationMs }) {
      if (outcome === 'uncounted' || sink.kind !== 'webhook') return
      directCalls.observe({ subscription: name, url: sink.url }, { delivered: outcome === 'delivered', durationMs })
    },
  })
  switch (delivered.kind) {
    case 'delivered':
      return { ...delivered, kind: 'done', what: 'delivered' }
    case 'dropped':
      return { kind: 'done', what: 'dropped' }
    case 'uncounted':
      if (hasPassed) await health.release(name)
      return { kind: 'delay', delayMs: 'fault' in delivered ? OWN_FAULT_PAUSE_MS : 0 }
    case 'retry':
      await endWait(deps, job, delivered.delayMs)
      return delivered
    case 'dead':
      await endWait(deps, job)
      return delivered
    default:
      return delivered
  }
}

/** How long a push waits at an open breaker. A consumer that is well again is found sooner, by a half-open attempt. */
const BREAKER_HOLDS_PUSH_MS = 250

type Passing = { job: DeliveryJob; subscription: Subscription; signal: StopSignal }

async function passBreaker(deps: DeliverDeps, { job, subscription, signal }: Passing): Promise<boolean> {
  const passing = deps.health.pass(job.subscription, leaseMs(subscription), signal)
  if (job.reply === undefined) return passing
  const hasPassed = await within(BREAKER_HOLDS_PUSH_MS, passing)
  if (hasPassed !== undefined) return hasPassed
  await endWait(deps, job)
  return passing
}

/**
 * The consumer fails for all, and its next attempt comes after the deadline, or never (`delayMs` undefined): the push
 * that waits for it is answered at once. Never rejects: the push waits until the deadline then.
 */
async function endWait(deps: DeliverDeps, job: DeliveryJob, delayMs = Infinity): Promise<void> {
  const { replies, health, clock, log } = deps
  const { event, subscription, reply } = job
  const nowMs = clock.nowMs()
  if (reply === undefined || reply.deadlineAtMs <= nowMs || nowMs + delayMs < reply.deadlineAtMs) return
  if (!health.isOpen(subscription)) return
  try {
    await replies.endWait(event.id, subscription)
  } catch (error) {
    log.warn({ eventId: event.id, subscription, err: error }, 'reply.wait_not_ended')
  }
}

const LEASE_MARGIN_MS = 5_000

/**
 * The longest time of an attempt: a process that dies during a half-open attempt blocks the others no longer than this.
 */
function leaseMs({ sink }: Subscription): number {
  return (sink.kind === 'webhook' ? sink.timeoutMs : 0) + LEASE_MARGIN_MS
}

/** The subscription to deliver to, or the outcome when no attempt is to be made. */
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
