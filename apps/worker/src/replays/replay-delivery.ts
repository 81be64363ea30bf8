// Owns: one delivery of a replay: a single attempt, whatever the subscription's schedule is, and what it comes to for
// the dead letters.
import { orderingKey, type Subscription } from '@wxgw/contracts'
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
import { attemptSink } from '../delivery/attempt-sink.ts'
import { deliverOnce, type DeliverOnceDeps } from '../delivery/deliver-once.ts'
import { deliveryJob } from '../delivery/delivery-job.ts'
import type { FailedVerdict } from '../delivery/judge-attempt.ts'
import { recordState } from '../delivery/record-state.ts'
import type { Sinks } from '../sinks/sink.ts'

export type ReplayDeliveryDeps = DeliverOnceDeps & {
  sinks: Sinks
  subscriptions: Pick<Subscriptions, 'get' | 'disable'>
  order: Pick<DeliveryOrder, 'enter' | 'leave'>
  unsettled: Pick<UnsettledDeliveries, 'placeOf'>
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
}

/** Of the subscription that the replay belongs to, as it is now. */
export type ReplayedItem = { run: ReplayRun; item: string; subscription: Subscription; signal: StopSignal }

/**
 * `back`: there was no whole attempt. What had been delivered before is not delivered again, where only the
 * undelivered is wanted; what is known nowhere any more has failed. Safe to run twice. Rejects with
 * STORE_UNAVAILABLE.
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

/** With an order it is attempted when no other delivery of its key is under way or waits: live ones do not wait for a replay. */
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
  const { replay, delivery, subscription, signal } = attempted
  const { event } = delivery
  const request = { subscription, event, body: JSON.stringify(event), deliveryId: deliveryId(event.id, replay.id) }
  const delivered = await deliverOnce(deps, {
    about: { event, subscription: subscription.name },
    createdAtMs: subscription.createdAtMs,
    attempt: delivery.attempts + 1,
    scheduleSeconds: [],
    make: () => attemptSink(deps.sinks, request, signal),
    conclude: (verdict, made) => concludeReplay(deps, attempted, { verdict, made }),
  })
  if (delivered.kind === 'interrupted') return 'back'
  return delivered.kind === 'delivered' ? 'delivered' : 'failed'
}

/**
 * What has a dead letter, or is still tried by its schedule, keeps it; everything else that was never delivered
 * becomes a dead letter.
 */
async function concludeReplay(deps: ReplayDeliveryDeps, attempted: Attempted, { verdict, made }: FailedAttempt) {
  const { replay, delivery, subscription } = attempted
  const { event, receivedAtMs, status, jobId } = delivery
  const { name } = subscription
  const { error } = verdict
  const failed = { event, subscription: name, attempts: made.attempt, lastError: error, made }
  const isDisabled = verdict.kind === 'dead' && verdict.disable
  if (isDisabled && (await deps.subscriptions.disable(name, { failures: 1, sinceMs: made.startedAtMs, lastError: error }))) deps.onDisabled()
  if ((await deps.subscriptions.get(name))?.createdAtMs !== subscription.createdAtMs) return { kind: 'dropped' } as const
  const isKept = status === 'delivered' || (await deps.unsettled.placeOf({ subscription: name, jobId })).kind !== 'gone'
  if (isKept) {
    // The log takes it for no news of what is delivered or dead, and keeps the attempt.
    await recordState(deps, { ...failed, status: 'retrying' })
  } else {
    const job = deliveryJob({ event, receivedAtMs, deliveryId: deliveryId(event.id, replay.id) }, subscription)
    await recordState(deps, { ...failed, status: 'dead', jobId: job.deliveryId })
    await deps.enqueueDelivery(job, { attemptsMade: made.attempt, lastError: error, isFinal: true })
  }
  return { kind: 'dead', error } as const
}
