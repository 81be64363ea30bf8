// Owns: attempting only the first delivery of each key, and the time-out of a failing one that holds up its key.
import { type DeliveryJob, orderingKey, type Subscription } from '@wxgw/contracts'
import type { EventLog, Subscriptions } from '@wxgw/platform'
import { type DeliveryOrder, type HoldingClock, type OrderedDelivery, PARKED_MS } from '@wxgw/redis'
import type { Clock } from '@wxgw/wechat-core'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import type { Attempt, Deliver, DeliveryOutcome } from '../queue/deliver.ts'
import { recordState, type StateDeps } from '../attempt/record-state.ts'

type DeliverInOrderDeps = StateDeps & {
  deliver: Deliver
  order: Pick<DeliveryOrder, 'enter' | 'hold' | 'leave'>
  subscriptions: Pick<Subscriptions, 'all'>
  events: Pick<EventLog, 'deliveryChanged' | 'get'>
  health: Pick<DeliveryHealth, 'isOpen'>
  clock: Clock
}

type Ordered = OrderedDelivery & { subscription: Subscription }

const AGAIN_MS = 1_000

/** As `deliver`. For a subscription without an order it calls `deliver` directly. */
export function createDeliverInOrder(deps: DeliverInOrderDeps): Deliver {
  return async (job, attempt) => {
    try {
      const ordered = await orderOf(deps, job, attempt)
      return ordered === undefined
        ? await deps.deliver(job, attempt)
        : await deliverFirst(deps, { job, attempt, ordered })
    } catch (error) {
      deps.log.warn({ eventId: job.event.id, subscription: job.subscription, err: error }, 'delivery.postponed')
      return { kind: 'delay', delayMs: AGAIN_MS }
    }
  }
}

async function orderOf(
  { subscriptions }: DeliverInOrderDeps,
  job: DeliveryJob,
  { jobId }: Attempt,
): Promise<Ordered | undefined> {
  const subscription = (await subscriptions.all()).find(({ name }) => name === job.subscription)
  if (subscription === undefined) return undefined
  const key = orderingKey(subscription, job.event)
  return key === undefined ? undefined : { subscription, key, deliveryId: jobId }
}

type Turn = { job: DeliveryJob; attempt: Attempt; ordered: Ordered }

async function deliverFirst(deps: DeliverInOrderDeps, turn: Turn): Promise<DeliveryOutcome> {
  const { order, clock } = deps
  const { job, attempt, ordered } = turn
  const { name, enabled, paused } = ordered.subscription
  if (enabled && paused) return { kind: 'back' }
  const before = attempt.isAfterKill === true ? await endedBefore(deps, job) : undefined
  if (before !== undefined) return ended(deps, ordered, before)
  const { isFirst, clock: held } = await order.enter(name, ordered)
  if (!isFirst) return { kind: 'delay', delayMs: PARKED_MS }
  const startedAtMs = clock.nowMs()
  const heldMs = held === undefined ? 0 : heldUntilNow(deps, ordered, held)
  if (held !== undefined) {
    const leftMs = timeoutOf(ordered) - heldMs
    if (leftMs <= 0) return ended(deps, ordered, await timedOut(deps, turn, held))
    const dueInMs = held.dueAtMs - startedAtMs
    if (dueInMs > 0) {
      await order.hold(name, ordered.deliveryId, { ...held, heldMs, checkedAtMs: startedAtMs })
      return { kind: 'delay', delayMs: Math.min(dueInMs, leftMs) }
    }
  }
  const outcome = await deps.deliver(job, attempt)
  if (outcome.kind === 'done' || outcome.kind === 'dead') return ended(deps, ordered, outcome)
  return outcome.kind === 'retry' ? holding(deps, turn, { outcome, heldMs, startedAtMs }) : outcome
}

/**
 * A worker that was killed may have written that the delivery has ended, and freed its key: another attempt would come
 * behind later ones. A replayed delivery shares the state of the first one, so it is attempted again.
 */
async function endedBefore({ events }: DeliverInOrderDeps, job: DeliveryJob): Promise<DeliveryOutcome | undefined> {
  if (job.deliveryId !== job.event.id) return undefined
  const logged = await events.get(job.event.id)
  const state = logged?.deliveries.find(({ subscription }) => subscription === job.subscription)
  if (state?.status === 'delivered') return { kind: 'done', what: 'delivered' }
  if (state?.status !== 'dead') return undefined
  return { kind: 'dead', error: state.lastError ?? 'INTERNAL', attempts: state.attempts }
}

type Retry = Extract<DeliveryOutcome, { kind: 'retry' }>

/** The job runs again when the retry is due, or when the time-out is over. */
async function holding(
  deps: DeliverInOrderDeps,
  { ordered }: Turn,
  { outcome, heldMs, startedAtMs }: { outcome: Retry; heldMs: number; startedAtMs: number },
): Promise<DeliveryOutcome> {
  const nowMs = deps.clock.nowMs()
  const { name } = ordered.subscription
  const clock = { heldMs, checkedAtMs: startedAtMs, dueAtMs: nowMs + outcome.delayMs, lastError: outcome.error }
  const nowHeldMs = heldUntilNow(deps, ordered, clock)
  await deps.order.hold(name, ordered.deliveryId, { ...clock, heldMs: nowHeldMs, checkedAtMs: nowMs })
  return { ...outcome, delayMs: Math.min(outcome.delayMs, Math.max(timeoutOf(ordered) - nowHeldMs, 0)) }
}

/**
 * The time-out does not run while the breaker is open, nor between the last check and a change of the subscription
 * (such as the end of a pause).
 */
function heldUntilNow({ health, clock }: DeliverInOrderDeps, { subscription }: Ordered, held: HoldingClock): number {
  const standsStill = health.isOpen(subscription.name) || subscription.updatedAtMs > held.checkedAtMs
  return standsStill ? held.heldMs : held.heldMs + Math.max(clock.nowMs() - held.checkedAtMs, 0)
}

async function timedOut(
  deps: DeliverInOrderDeps,
  { job, attempt, ordered }: Turn,
  { lastError }: HoldingClock,
): Promise<DeliveryOutcome> {
  const error = `orderingTimeoutSeconds are over: ${lastError}`
  const about = { event: job.event, subscription: ordered.subscription.name }
  const attempts = attempt.number - 1
  await recordState(deps, { ...about, status: 'dead', attempts, lastError: error })
  return { kind: 'dead', error, attempts }
}

/**
 * Never rejects: an ended delivery must not be made again because the next one could not be promoted. repair-orders.ts
 * promotes it later.
 */
async function ended(deps: DeliverInOrderDeps, ordered: Ordered, outcome: DeliveryOutcome): Promise<DeliveryOutcome> {
  if (outcome.kind !== 'done' && outcome.kind !== 'dead') return outcome
  const { name } = ordered.subscription
  try {
    await deps.order.leave(name, ordered)
  } catch (error) {
    deps.log.warn({ subscription: name, err: error }, 'order.not_left')
  }
  return outcome
}

function timeoutOf({ subscription }: Ordered): number {
  return subscription.orderingTimeoutSeconds * 1_000
}
