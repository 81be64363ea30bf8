// Owns: from one event to one delivery per matching subscription. Streams and queues get it as it is recorded, webhooks that answer
// quickly right after; all others, and whatever failed, go to the subscription's own queue, so that no consumer waits for another.
import { compileMatcher, type FanOutJob, type GatewayEvent, orderingKey, type Subscription } from '@wxgw/contracts'
import type { EventLog, Subscriptions } from '@wxgw/platform'
import { type Claim, deliveryId, type DirectSink, type EventClaims } from '@wxgw/redis'
import { type Clock, GatewayError } from '@wxgw/wechat-core'
import { type FirstAttemptDeps, type FirstAttemptOptions, type Handed, isHeldBack, makeFirstAttempt } from './first-attempt.ts'
import type { OrderedPlace } from './ordered-batch.ts'
import { createPartialRuns } from './partial-runs.ts'

export type FanOutDeps = FirstAttemptDeps & {
  subscriptions: Pick<Subscriptions, 'all'>
  claims: Pick<EventClaims, 'claim' | 'ended'>
  events: Pick<EventLog, 'record'>
  /** There is no enabled subscription at all. */
  onUnheard?(event: GatewayEvent): void
  /** Another arrival of the event has it. */
  onDuplicate?(): void
}

export type FanOutSummary = { delivered: number; enqueued: number }
/** `claim`: of a push, by which it is told from its repetitions. */
export type FanOutOptions = Omit<FirstAttemptOptions, 'handInOrder'> & {
  claim?: Omit<Claim, 'event'> | undefined
  /** Of an event that others of its account stand before. */
  place?: OrderedPlace | undefined
}

export type FanOut = (job: FanOutJob, options: FanOutOptions) => Promise<FanOutSummary>

/**
 * Rejects when the store does not take the event or one of the deliveries; the others were made all the same. Safe to run
 * again then: whom it has served is not served twice by this process, nor by another once the event log knows; queues know a
 * delivery by its id.
 */
export function createFanOut(deps: FanOutDeps): FanOut {
  const partialRuns = createPartialRuns()
  return async (job, { stop, mayCall, claim: own, place }) => {
    const { event } = job
    const id = deliveryId(event.id, job.replay)
    const claim = own && { event, ...own }
    // Together, in one round trip.
    const [claimed, all] = await Promise.all([
      claim ? deps.claims.claim(claim) : true,
      deps.subscriptions.all(maxAgeMs(job, deps.clock)),
    ])
    const subscriptions = select(job, all)
    const names = subscriptions.map(({ name }) => name)
    const body = JSON.stringify(event)
    const unserved = subscriptions.filter(({ name }) => !partialRuns.isServed(id, name))
    // A replay begins anew what the log knows as delivered, and goes its own way.
    const direct = job.replay === undefined && !stop.aborted ? unserved.flatMap((one) => directSink(one, event)) : []
    const withClaim = typeof claimed === 'boolean' ? {} : { claim: claimed }
    const recorded = claimed && (await deps.events.record(event, job.receivedAtMs, names, { body, direct, ...withClaim }))
    if (!recorded) {
      deps.onDuplicate?.()
      return { delivered: 0, enqueued: 0 }
    }
    if (!all.some(({ enabled }) => enabled)) deps.onUnheard?.(event)
    // On a repeat these were counted before.
    const written = recorded.filter((name) => direct.some((sink) => sink.subscription === name))
    deps.statistics.count('delivered', written.length)
    for (const name of written) deps.health.succeeded(name, 0)
    // What a replay begins anew is known as delivered.
    const served = job.replay === undefined ? recorded : []

    const due = unserved.filter(({ name }) => !served.includes(name))
    place?.expect(due.filter((one) => orderingKey(one, event) !== undefined).length)
    const common = { job, body, stop, mayCall, handInOrder: place?.hand }
    const handed = await Promise.allSettled(due.map((subscription) => makeFirstAttempt(deps, { ...common, subscription })))
    const failures = handed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) {
      partialRuns.failed(id, due.filter((_, index) => handed[index]?.status === 'fulfilled').map(({ name }) => name))
      throw worstOf(failures)
    }
    partialRuns.finished(id)
    if (claim) await deps.claims.ended(claim)
    const count = (what: Handed) => handed.filter((result) => result.status === 'fulfilled' && result.value === what).length
    const summary = { delivered: served.length + count('delivered'), enqueued: count('enqueued') }
    deps.log.debug({ eventId: event.id, type: event.type, subscriptions: names.length, ...summary }, 'event.dispatched')
    return summary
  }
}

function directSink(subscription: Subscription, event: GatewayEvent): DirectSink[] {
  const { name, sink } = subscription
  if (isHeldBack(subscription) || orderingKey(subscription, event) !== undefined) return []
  switch (sink.kind) {
    case 'stream':
      return [{ subscription: name, stream: sink.stream, maxLength: sink.maxLength }]
    case 'queue':
      return [{ subscription: name, queue: sink.queue }]
    case 'webhook':
      return []
    default:
      return sink satisfies never
  }
}

/** One error stands for all. The one that asks to be tried again: as long as one delivery can still be made, it has to be. */
function worstOf(failures: readonly unknown[]): unknown {
  return failures.find((failure) => !(failure instanceof GatewayError) || failure.retry) ?? failures[0]
}

const ABOUT_SUBSCRIPTIONS = ['failing', 'recovered', 'disabled', 'dead_letter'].map((kind) => `gateway.subscription.${kind}`)

/** How old the process' copy of the subscriptions may be at most; more makes no difference to a backlog. */
const OLDEST_COPY_MS = 100

/** What was subscribed before the event came is to get it, so the copy has to be younger than the event. A replay is of now. */
function maxAgeMs({ receivedAtMs, only, replay }: FanOutJob, clock: Clock): number {
  if (only !== undefined || replay !== undefined) return 0
  return Math.min(Math.max(clock.nowMs() - receivedAtMs, 0), OLDEST_COPY_MS)
}

/** A test event goes to the subscription it tests, whatever that matches; a disabled one is given nothing at all. */
function select({ event, only, replay }: FanOutJob, subscriptions: readonly Subscription[]): readonly Subscription[] {
  if (only === undefined) return compileMatcher(subscriptions)(event).filter(({ name }) => name !== concerned(event))
  if (replay !== undefined) return compileMatcher(subscriptions)(event).filter(({ name }) => name === only)
  return subscriptions.filter(({ name, enabled }) => enabled && name === only)
}

/** That it fails is told to everybody else. */
function concerned({ type, data }: GatewayEvent): unknown {
  return ABOUT_SUBSCRIPTIONS.includes(type) ? data['subscription'] : undefined
}
