// Owns: a delivery from its queue, with one attempt at most: who gets it, when the attempt may be made, and the outcome.
// The caller applies it to the queue (delay, failed set).
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import type { StopSignal } from '@wxgw/wechat-core'
import { SUBSCRIPTION_DISABLED } from '../attempt/conclude-failure.ts'
import { deliverOnce, type DeliverOnceDeps } from '../attempt/deliver-once.ts'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { recordState } from '../attempt/record-state.ts'
import type { DirectCalls } from '../fan-out/direct-calls.ts'
import type { ThrottleTurns } from './throttle-turns.ts'

export type DeliverDeps = DeliverOnceDeps & {
  directCalls: Pick<DirectCalls, 'seen'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'pass' | 'release'>
  throttleTurns: ThrottleTurns
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
 * store is away) delays. An attempt for which a push still waits has the sink's whole `timeoutMs`: to cut a slow consumer
 * off would deliver to it twice and lose the reply that the fallback sends.
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

  // It waits here, in a slot that only this subscription's deliveries have: as many delayed jobs would keep Redis busy.
  const hasPassed = await health.pass(job.subscription, leaseMs(first.subscription), signal)
  const turn = await throttleTurns.take(first.subscription, job, signal)
  // Meanwhile the subscription may have been paused, disabled or deleted.
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
      if (outcome === 'unmade' || sink.kind !== 'webhook') return
      directCalls.seen({ subscription: name, url: sink.url }, { delivered: outcome === 'delivered', durationMs })
    },
  })
  switch (delivered.kind) {
    case 'delivered':
      return { ...delivered, kind: 'done', what: 'delivered' }
    case 'dropped':
      return { kind: 'done', what: 'dropped' }
    case 'unmade':
      if (hasPassed) await health.release(name)
      return { kind: 'delay', delayMs: 'fault' in delivered ? OWN_FAULT_PAUSE_MS : 0 }
    default:
      return delivered
  }
}

const LEASE_MARGIN_MS = 5_000

/** The longest an attempt takes: a process that dies during one holds the others up no longer. */
function leaseMs({ sink }: Subscription): number {
  return (sink.kind === 'webhook' ? sink.timeoutMs : 0) + LEASE_MARGIN_MS
}

/** The subscription that gets it now, or the outcome without an attempt. */
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
