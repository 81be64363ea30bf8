// Owns: one delivery of a replay: a single attempt without the subscription's schedule, and its effect on the dead
// letters.
import { type DeliveryJob, orderingKey, type Subscription } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import {
  deliveryId,
  type DeliveryOrder,
  type DeliveryQueue,
  type ItemOutcome,
  type MadeAttempt,
  type Replay,
  type ReplayedDelivery,
  type ReplayRun,
  type UnsettledDeliveries,
} from '@wxgw/redis'
import type { StopSignal } from '@wxgw/wechat-core'
import { deliverOnce, type DeliverOnceDeps } from '../delivery/attempt/deliver-once.ts'
import { deliveryJob } from '../delivery/attempt/delivery-job.ts'
import type { FailedVerdict } from '../delivery/attempt/judge-attempt.ts'
import { recordState } from '../delivery/attempt/record-state.ts'

export type ReplayDeliveryDeps = DeliverOnceDeps & {
  subscriptions: Pick<Subscriptions, 'get' | 'disable'>
  order: Pick<DeliveryOrder, 'enter' | 'leave'>
  unsettled: Pick<UnsettledDeliveries, 'placeOf'>
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
}

/** `subscription`: the one that is replayed to, as it is now. */
type ReplayedItem = { run: ReplayRun; item: string; subscription: Subscription; signal: StopSignal }

/**
 * `back`: there was no complete attempt. With `onlyUndelivered`, an event that is delivered already is not delivered
 * again. An event that is not stored any more has failed. Safe to run twice. Rejects with STORE_UNAVAILABLE.
 */
export async function deliverAgain(
  deps: ReplayDeliveryDeps,
  { run, item, subscription, signal }: ReplayedItem,
): Promise<ItemOutcome> {
  const delivery = await run.load(item)
  if (delivery === undefined) return 'failed'
  const { replay } = run
  if (replay.onlyUndelivered && delivery.status === 'discarded') return 'failed'
  if (!replay.onlyUndelivered || delivery.status !== 'delivered') {
    const outcome = await inTurn(deps, { replay, delivery, subscription, signal })
    if (outcome !== 'delivered') return outcome
  }
  await run.removeJobs(delivery)
  return 'delivered'
}

/**
 * With an order it is attempted only when no other delivery of its key runs or waits: live deliveries do not wait for a
 * replay.
 */
async function inTurn(deps: ReplayDeliveryDeps, attempted: Attempted): Promise<ItemOutcome> {
  const { order } = deps
  const { replay, delivery, subscription } = attempted
  const key = orderingKey(subscription, delivery.event)
  if (key === undefined) return attempt(deps, attempted)
  const ordered = { key, deliveryId: deliveryId(delivery.event.id, replay.id) }
  try {
    const { isFirst } = await order.enter(subscription.name, ordered)
    return isFirst ? await attempt(deps, attempted) : 'back'
  } finally {
    await order.leave(subscription.name, ordered)
  }
}

type FailedAttempt = { verdict: FailedVerdict; made: MadeAttempt }
type Attempted = { replay: Replay; delivery: ReplayedDelivery; subscription: Subscription; signal: StopSignal }

async function attempt(deps: ReplayDeliveryDeps, attempted: Attempted): Promise<ItemOutcome> {
  const { delivery, subscription, signal } = attempted
  const delivered = await deliverOnce(deps, {
    delivery: { ...jobOf(attempted), scheduleSeconds: [] },
    subscription,
    attempt: delivery.attempts + 1,
    stop: signal,
    conclude: (verdict, made) => concludeReplay(deps, attempted, { verdict, made }),
  })
  // The replay waits for the master of a queue or a stream, too.
  if (delivered.kind === 'uncounted' && 'fault' in delivered) throw delivered.fault
  if (delivered.kind === 'uncounted') return 'back'
  return delivered.kind === 'delivered' ? 'delivered' : 'failed'
}

function jobOf({ replay, delivery: { event, receivedAtMs }, subscription }: Attempted): DeliveryJob {
  return deliveryJob({ event, receivedAtMs, deliveryId: deliveryId(event.id, replay.id) }, subscription)
}

/**
 * A delivery that is a dead letter or waits for a retry stays as it is. Any other one that was never delivered becomes
 * a dead letter.
 */
async function concludeReplay(deps: ReplayDeliveryDeps, attempted: Attempted, { verdict, made }: FailedAttempt) {
  const { delivery, subscription } = attempted
  const { event, status, jobId } = delivery
  const { name } = subscription
  const { error } = verdict
  const failed = { event, subscription: name, attempts: made.attempt, lastError: error, made }
  const isDisabled = verdict.kind === 'dead' && verdict.disable
  if (
    isDisabled &&
    (await deps.subscriptions.disable(name, { failures: 1, sinceMs: made.startedAtMs, lastError: error }))
  )
    deps.onDisabled()
  if ((await deps.subscriptions.get(name))?.createdAtMs !== subscription.createdAtMs)
    return { kind: 'dropped' } as const
  const isKept = status === 'delivered' || (await deps.unsettled.placeOf({ subscription: name, jobId })).kind !== 'gone'
  if (isKept) {
    // For a delivered or dead delivery the log ignores this state, and keeps the attempt.
    await recordState(deps, { ...failed, status: 'retrying' })
  } else {
    const job = jobOf(attempted)
    await recordState(deps, { ...failed, status: 'dead', jobId: job.deliveryId })
    await deps.enqueueDelivery(job, { attemptsMade: made.attempt, lastError: error, isFinal: true })
  }
  return { kind: 'dead', error } as const
}
