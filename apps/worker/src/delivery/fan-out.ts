// Owns: from one event to one delivery per matching subscription. Streams get it as it is recorded, queues right after, and so do
// webhooks that answer quickly; all others, and whatever failed, go to the subscription's own queue, so that no consumer waits for
// another.
import { compileMatcher, deliveryId, type DeliveryJob, type DeliveryResult, type FanOutJob, type Subscription } from '@wxgw/contracts'
import type { EventLog, Subscriptions } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { type Clock, GatewayError, type StopSignal } from '@wxgw/wechat-core'
import type { Sinks } from '../sinks/sink.ts'
import { attemptSink, type Interrupted } from './attempt-sink.ts'
import type { DirectCalls } from './direct-calls.ts'
import { judgeAttempt } from './judge-attempt.ts'
import { logAttempt } from './log-attempt.ts'
import { createPartialRuns } from './partial-runs.ts'
import { recordState } from './record-state.ts'

export type EnqueueOptions = {
  /** Before the first attempt that the queue makes. Default 0. */
  delayMs?: number
  /** Attempts that were made already and count. Default 0. */
  attemptsMade?: number
  /** What the last of them failed with; stands in the dead letter when none is left. */
  lastError?: string
}

export type FanOutDeps = {
  subscriptions: Pick<Subscriptions, 'all'>
  events: Pick<EventLog, 'record' | 'deliveryChanged'>
  sinks: Sinks
  directCalls: Pick<DirectCalls, 'enter'>
  /** Into the subscription's own queue, de-duplicated by `deliveryId`; resolves after Redis has accepted. */
  enqueueDelivery(job: DeliveryJob, options?: EnqueueOptions): Promise<void>
  clock: Clock
  /** In [0, 1), for the jitter. */
  random(): number
  log: Log
}

export type FanOutSummary = { delivered: number; enqueued: number }
export type FanOutOptions = {
  /** Aborts when the process ends or the job is no longer ours. */
  stop: StopSignal
  /** May webhooks be called from here? Then a run may take as long as their time-outs. */
  mayCall: boolean
}

export type FanOut = (job: FanOutJob, options: FanOutOptions) => Promise<FanOutSummary>

/**
 * Rejects when the store does not take the event or one of the deliveries; the others were made all the same. Safe to run
 * again then: whom it has served is not served twice by this process, nor by another once the event log knows; queues know a
 * delivery by its id.
 */
export function createFanOut(deps: FanOutDeps): FanOut {
  const partialRuns = createPartialRuns()
  return async (job, { stop, mayCall }) => {
    const { event } = job
    const id = deliveryId(event.id, job.replay)
    const subscriptions = select(job, await deps.subscriptions.all(maxAgeMs(job, deps.clock)))
    const names = subscriptions.map(({ name }) => name)
    const body = JSON.stringify(event)
    const unserved = subscriptions.filter(({ name }) => !partialRuns.isServed(id, name))
    const streams = job.replay === undefined && !stop.aborted ? unserved.flatMap(directStream) : []
    const recorded = await deps.events.record(event, job.receivedAtMs, names, { body, streams })
    // What a replay begins anew is known as delivered.
    const served = job.replay === undefined ? recorded : []

    const due = unserved.filter(({ name }) => !served.includes(name))
    const handed = await Promise.allSettled(due.map((subscription) => hand(deps, { job, subscription, body, stop, mayCall })))
    const failures = handed.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
    if (failures.length > 0) {
      partialRuns.failed(id, due.filter((_, index) => handed[index]?.status === 'fulfilled').map(({ name }) => name))
      throw worstOf(failures)
    }
    partialRuns.finished(id)
    const enqueued = handed.filter((result) => result.status === 'fulfilled' && result.value === 'enqueued').length
    const summary = { delivered: served.length + handed.length - enqueued, enqueued }
    deps.log.debug({ eventId: event.id, type: event.type, subscriptions: names.length, ...summary }, 'event.dispatched')
    return summary
  }
}

/** A replay begins anew what the log knows as delivered, and goes its own way. */
function directStream({ name, sink }: Subscription) {
  return sink.kind === 'stream' ? [{ subscription: name, stream: sink.stream, maxLength: sink.maxLength }] : []
}

/** One error stands for all. The one that asks to be tried again: as long as one delivery can still be made, it has to be. */
function worstOf(failures: readonly unknown[]): unknown {
  return failures.find((failure) => !(failure instanceof GatewayError) || failure.retry) ?? failures[0]
}

/** How old the process' copy of the subscriptions may be at most; more makes no difference to a backlog. */
const OLDEST_COPY_MS = 100

/** What was subscribed before the event came is to get it, so the copy has to be younger than the event. A replay is of now. */
function maxAgeMs({ receivedAtMs, only, replay }: FanOutJob, clock: Clock): number {
  if (only !== undefined || replay !== undefined) return 0
  return Math.min(Math.max(clock.nowMs() - receivedAtMs, 0), OLDEST_COPY_MS)
}

/** A test event goes to the subscription it tests, whatever that matches; a disabled one is given nothing at all. */
function select({ event, only }: FanOutJob, subscriptions: readonly Subscription[]): readonly Subscription[] {
  if (only === undefined) return compileMatcher(subscriptions)(event)
  return subscriptions.filter(({ name, enabled }) => enabled && name === only)
}

function deliveryJob({ event, receivedAtMs, replay, reply }: FanOutJob, subscription: Subscription): DeliveryJob {
  return {
    v: 1,
    kind: 'deliver',
    platform: subscription.platform,
    subscription: subscription.name,
    event,
    receivedAtMs,
    deliveryId: deliveryId(event.id, replay),
    scheduleSeconds: subscription.retry.scheduleSeconds,
    ...(reply?.subscription === subscription.name ? { reply: { deadlineAtMs: reply.deadlineAtMs } } : {}),
  }
}

type Handing = { job: FanOutJob; subscription: Subscription; body: string } & FanOutOptions

async function hand(deps: FanOutDeps, handing: Handing): Promise<'delivered' | 'enqueued'> {
  const { job, subscription } = handing
  const delivery = deliveryJob(job, subscription)
  const about = { eventId: job.event.id, subscription: subscription.name }
  // The first delivery is pending since the event was recorded; a replay starts anew what may have ended long ago.
  if (job.replay !== undefined) await recordState(deps, { ...about, status: 'pending', attempts: 0 })
  const { result, durationMs } = await (subscription.sink.kind === 'webhook' ? callWebhook : writeLocally)(deps, handing)
  if (result.outcome === 'interrupted') {
    await deps.enqueueDelivery(delivery)
    return 'enqueued'
  }
  const verdict = judgeAttempt(result, { attempt: 1, scheduleSeconds: delivery.scheduleSeconds, random: deps.random })
  if (durationMs !== undefined) logAttempt(deps.log, { ...about, attempt: 1, verdict, durationMs })
  if (verdict.kind === 'done') {
    await recordState(deps, { ...about, status: 'delivered', attempts: 1, deliveredAtMs: deps.clock.nowMs() })
    return 'delivered'
  }
  const lastError = verdict.error
  // Without attempts left it goes there all the same: the queue's failed set is where dead letters stand.
  const delayMs = verdict.kind === 'retry' ? verdict.delayMs : 0
  await deps.enqueueDelivery(delivery, { delayMs, attemptsMade: 1, lastError })
  await recordState(deps, { ...about, status: verdict.kind === 'retry' ? 'retrying' : 'dead', attempts: 1, lastError })
  return 'enqueued'
}

/** `interrupted`: none was made, or none that counts. `durationMs`: of one that is to be told in the log. */
type FirstAttempt = { result: DeliveryResult | Interrupted; durationMs?: number }

/** A consumer that may answer the push has places of its own, and a replay goes behind what waits. Never rejects. */
async function callWebhook(deps: FanOutDeps, handing: Handing): Promise<FirstAttempt> {
  const { job, subscription, mayCall } = handing
  const byQueue: FirstAttempt = { result: { outcome: 'interrupted' } }
  if (!mayCall || job.replay !== undefined || subscription.reply) return byQueue
  const leave = await deps.directCalls.enter(subscription.name)
  if (leave === undefined) return byQueue
  const startedAtMs = deps.clock.nowMs()
  const result = await attempt(deps, handing).catch((error: unknown) => {
    deps.log.warn({ eventId: job.event.id, subscription: subscription.name, err: error }, 'delivery.postponed')
    return byQueue.result
  })
  const durationMs = deps.clock.nowMs() - startedAtMs
  leave({ delivered: result.outcome === 'delivered', durationMs })
  // Who is gone is asked again from the queue, where a subscription is disabled and its event ends.
  return result.outcome === 'rejected' && result.gone ? byQueue : { result, durationMs }
}

/** Never rejects: a fault that strikes one subscription must not make the fan-out serve all others again. */
async function writeLocally(deps: FanOutDeps, handing: Handing): Promise<FirstAttempt> {
  try {
    return { result: await attempt(deps, handing) }
  } catch (error) {
    deps.log.error({ eventId: handing.job.event.id, subscription: handing.subscription.name, err: error }, 'delivery.threw')
    return { result: { outcome: 'unreachable', reason: 'internal error' } }
  }
}

function attempt({ sinks }: FanOutDeps, { job, subscription, body, stop }: Handing): Promise<DeliveryResult | Interrupted> {
  return attemptSink(sinks, { subscription, event: job.event, body, deliveryId: deliveryId(job.event.id, job.replay) }, stop)
}
