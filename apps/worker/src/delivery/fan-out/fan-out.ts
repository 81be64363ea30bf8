// Owns: from one event to one delivery per matching subscription. Redis writes to streams and queues in the step that
// records the event; webhooks that answer quickly are called right after. All other deliveries, and failed ones, go to
// the subscription's own queue, so that no consumer waits for another.
import {
  compileMatcher,
  type DeliveryJob,
  type FanOutJob,
  type GatewayEvent,
  orderingKey,
  type Subscription,
} from '@wxgw/contracts'
import type { EventLog, Subscriptions } from '@wxgw/platform'
import { type Claim, deliveryId, type EventClaims } from '@wxgw/redis'
import { type Clock, GatewayError } from '@wxgw/wechat-core'
import { recordedWrites } from '../../sinks/recorded-writes.ts'
import { concludeWritten } from '../attempt/deliver-once.ts'
import type { OrderedPlace } from '../ordered/ordered-batch.ts'
import type { FirstOutcome } from './enqueue-unfinished.ts'
import { type FirstAttemptDeps, type FirstAttemptOptions, isHeldBack, makeFirstAttempt } from './first-attempt.ts'
import { createPartialRuns } from './partial-runs.ts'

export type FanOutDeps = FirstAttemptDeps & {
  subscriptions: Pick<Subscriptions, 'all'>
  claims: Pick<EventClaims, 'claim' | 'ended'>
  events: Pick<EventLog, 'record'>
  /** The platform has no enabled subscription. */
  onUnsubscribed?(event: GatewayEvent): void
  /** The event was a duplicate: another arrival of it is dispatched. */
  onDuplicate?(): void
}

export type FanOutOptions = Omit<FirstAttemptOptions, 'enqueueInOrder'> & {
  /** Of an event from a push: distinguishes the push from its repetitions. */
  claim?: Omit<Claim, 'event'> | undefined
  /** Of an event that is dispatched in the order of its account. */
  place?: OrderedPlace | undefined
}

type FanOutSummary = { delivered: number; enqueued: number }
export type FanOut = (job: FanOutJob, options: FanOutOptions) => Promise<FanOutSummary>

/**
 * Rejects when the store does not accept the event or one of the deliveries; the other deliveries are made
 * nevertheless. Safe to run again: this process remembers which subscriptions were served, other processes read it from
 * the event log, and queues de-duplicate by the delivery's id.
 */
export function createFanOut(deps: FanOutDeps): FanOut {
  const partialRuns = createPartialRuns()

  return async (job, { stop, mayCall, claim: own, place }) => {
    const { event, receivedAtMs, replay } = job
    const id = deliveryId(event.id, replay)
    const claim = own && { event, arrival: own.arrival, isOld: own.isOld }
    // In one round trip.
    const [claimed, all] = await Promise.all([
      claim ? deps.claims.claim(claim) : true,
      deps.subscriptions.all(maxAgeMs(job, deps.clock)),
    ])
    const matching = recipients(job, all)
    const names = matching.map(({ name }) => name)
    const body = JSON.stringify(event)

    const unserved = matching.filter(({ name }) => !partialRuns.isServed(id, name))
    // A replay is not written by the recording step: to the event log its event is delivered already.
    const writes =
      replay === undefined && !stop.aborted ? recordedWrites(unserved.filter((one) => mayWrite(one, event, place))) : []
    const recordClaim = typeof claimed === 'boolean' ? undefined : claimed
    const record = place?.record ?? deps.events.record
    const recorded = claimed && (await record(event, receivedAtMs, names, { body, writes, claim: recordClaim }))
    if (!recorded) {
      deps.onDuplicate?.()
      return { delivered: 0, enqueued: 0 }
    }
    if (!all.some(({ enabled }) => enabled)) deps.onUnsubscribed?.(event)
    // `recorded` may also name subscriptions that an earlier run has served and counted: count only those written now.
    concludeWritten(
      deps,
      recorded.filter((name) => writes.some(({ subscription }) => subscription === name)),
    )

    const served = replay === undefined ? recorded : []
    if (place)
      await leaveOrders(
        deps,
        unserved.filter(({ name }) => served.includes(name)),
        { event, deliveryId: id },
      )
    const due = unserved.filter(({ name }) => !served.includes(name))
    place?.expect(due.filter((one) => orderingKey(one, event) !== undefined).length)
    const enqueueInOrder = place?.enqueue
    // For events that the recording step has written, nothing is left: each promise counts here.
    const attempts = due.map((subscription) =>
      makeFirstAttempt(deps, { job, subscription, body, stop, mayCall, enqueueInOrder }),
    )
    const made = attempts.length === 0 ? [] : await Promise.allSettled(attempts)
    const failures = made.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) {
      partialRuns.failed(
        id,
        due.filter((_, index) => made[index]?.status === 'fulfilled').map(({ name }) => name),
      )
      throw worstOf(failures)
    }
    partialRuns.finished(id)
    if (claim && recordClaim === undefined) await deps.claims.ended(claim)

    const count = (outcome: FirstOutcome) =>
      made.filter((result) => result.status === 'fulfilled' && result.value === outcome).length
    const summary = { delivered: served.length + count('delivered'), enqueued: count('enqueued') }
    deps.log.debug({ eventId: event.id, type: event.type, subscriptions: names.length, ...summary }, 'event.dispatched')
    return summary
  }
}

/** Not when it is paused or throttled, nor when something may be before the event in its order. */
function mayWrite(subscription: Subscription, event: GatewayEvent, place: OrderedPlace | undefined): boolean {
  if (isHeldBack(subscription)) return false
  return orderingKey(subscription, event) === undefined || place?.mayWrite(subscription) === true
}

/** An earlier run, whose process was killed, has called these webhooks and not left their orders. */
async function leaveOrders(
  { ordered }: FanOutDeps,
  served: readonly Subscription[],
  delivery: Pick<DeliveryJob, 'event' | 'deliveryId'>,
): Promise<void> {
  const called = served.filter((one) => one.sink.kind === 'webhook' && orderingKey(one, delivery.event) !== undefined)
  await Promise.all(called.map((subscription) => ordered.leave(subscription, delivery)))
}

/** The error of the job: a retryable one if there is any, so that the remaining deliveries are made. */
function worstOf(failures: readonly unknown[]): unknown {
  return failures.find((failure) => !(failure instanceof GatewayError) || failure.retry) ?? failures[0]
}

const ABOUT_SUBSCRIPTIONS = ['failing', 'recovered', 'disabled', 'dead_letter'].map(
  (kind) => `gateway.subscription.${kind}`,
)

/** The greatest age of the cached subscriptions. */
const OLDEST_COPY_MS = 100

/**
 * How old the cached subscriptions may be. A subscription that is older than the event must get it, so the cache has to
 * be younger than the event. A test event or a replay needs the subscriptions of now.
 */
function maxAgeMs({ receivedAtMs, only, replay }: FanOutJob, clock: Clock): number {
  if (only !== undefined || replay !== undefined) return 0
  return Math.min(Math.max(clock.nowMs() - receivedAtMs, 0), OLDEST_COPY_MS)
}

/** A test event goes to the subscription that it tests, whatever the subscription matches, unless it is disabled. */
function recipients(
  { event, only, replay }: FanOutJob,
  subscriptions: readonly Subscription[],
): readonly Subscription[] {
  if (only === undefined) return compileMatcher(subscriptions)(event).filter(({ name }) => name !== concerned(event))
  if (replay !== undefined) return compileMatcher(subscriptions)(event).filter(({ name }) => name === only)
  return subscriptions.filter(({ name, enabled }) => enabled && name === only)
}

/** The subscription that an event is about: it does not get the event. */
function concerned({ type, data }: GatewayEvent): unknown {
  return ABOUT_SUBSCRIPTIONS.includes(type) ? data['subscription'] : undefined
}
