// Owns: the first attempt at one delivery where the fan-out may make it itself; what it may not, and what failed, goes to the
// subscription's own queue.
import type { DeliveryJob, DeliveryResult, FanOutJob, Subscription } from '@wxgw/contracts'
import { deliveryId, type DeliveryQueue } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Clock, StopSignal } from '@wxgw/wechat-core'
import type { Sinks } from '../sinks/sink.ts'
import { attemptSink, type Interrupted } from './attempt-sink.ts'
import { type ConcludeDeps, concludeFailure } from './conclude-failure.ts'
import type { DirectCalls } from './direct-calls.ts'
import { judgeAttempt } from './judge-attempt.ts'
import { logAttempt } from './log-attempt.ts'
import { recordState } from './record-state.ts'

export type FirstAttemptDeps = ConcludeDeps & {
  sinks: Sinks
  directCalls: Pick<DirectCalls, 'enter'>
  /** Into the subscription's own queue, de-duplicated by `deliveryId`; resolves after Redis has accepted. */
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  clock: Clock
  /** In [0, 1), for the jitter. */
  random(): number
  log: Log
}

export type FirstAttemptOptions = {
  /** Aborts when the process ends or the job is no longer ours. */
  stop: StopSignal
  /** May webhooks be called from here? Then a run may take as long as their time-outs. */
  mayCall: boolean
}

type Handing = { job: FanOutJob; subscription: Subscription; body: string } & FirstAttemptOptions

/** `dropped`: the subscription was deleted while it was being called. */
export type Handed = 'delivered' | 'enqueued' | 'dropped'

/** Rejects when the store takes neither the delivery nor a question. */
export async function makeFirstAttempt(deps: FirstAttemptDeps, handing: Handing): Promise<Handed> {
  const { job, subscription } = handing
  const delivery = deliveryJob(job, subscription)
  const about = { eventId: job.event.id, subscription: subscription.name }
  // The first delivery is pending since the event was recorded; a replay starts anew what may have ended long ago.
  if (job.replay !== undefined) {
    await recordState(deps, { ...about, status: 'pending', attempts: 0, jobId: delivery.deliveryId })
  }
  const made = await (subscription.sink.kind === 'webhook' ? callWebhook(deps, handing, subscription.sink) : writeLocally(deps, handing))
  if (made === undefined) {
    await deps.enqueueDelivery(delivery)
    return 'enqueued'
  }
  const { result, durationMs } = made
  if (result.outcome === 'interrupted') return enqueueInterrupted(deps, delivery)
  const verdict = judgeAttempt(result, { attempt: 1, scheduleSeconds: delivery.scheduleSeconds, random: deps.random })
  if (durationMs !== undefined) logAttempt(deps.log, { ...about, attempt: 1, verdict, durationMs })
  if (verdict.kind === 'done') {
    await recordState(deps, { ...about, status: 'delivered', attempts: 1, deliveredAtMs: deps.clock.nowMs() })
    return 'delivered'
  }
  const concluded = await concludeFailure(deps, { about, attempt: 1, verdict })
  if (concluded.kind === 'dropped') return 'dropped'
  // What is dead goes there all the same: the queue's failed set is where dead letters stand.
  const left = concluded.kind === 'retry' ? { delayMs: concluded.delayMs } : { isFinal: true }
  await deps.enqueueDelivery(delivery, { ...left, attemptsMade: 1, lastError: concluded.error })
  return 'enqueued'
}

/** A call may have lasted: what was deleted meanwhile is not to get its queue back. */
async function enqueueInterrupted(deps: FirstAttemptDeps, delivery: DeliveryJob): Promise<Handed> {
  const { event, subscription } = delivery
  if ((await deps.subscriptions.get(subscription)) === undefined) {
    await recordState(deps, { eventId: event.id, subscription, status: 'discarded', attempts: 0 })
    return 'dropped'
  }
  await deps.enqueueDelivery(delivery)
  return 'enqueued'
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

/** undefined: none was made, the queue is to make it. `durationMs`: of one that is to be told in the log. */
type Made = { result: DeliveryResult | Interrupted; durationMs?: number } | undefined

/** A consumer that may answer the push has places of its own, and a replay goes behind what waits. Never rejects. */
async function callWebhook(deps: FirstAttemptDeps, handing: Handing, { url }: { url: string }): Promise<Made> {
  const { job, subscription, mayCall } = handing
  if (!mayCall || job.replay !== undefined || subscription.reply) return undefined
  const leave = await deps.directCalls.enter({ subscription: subscription.name, url })
  if (leave === undefined) return undefined
  const startedAtMs = deps.clock.nowMs()
  const result = await attempt(deps, handing).catch((error: unknown) => {
    deps.log.warn({ eventId: job.event.id, subscription: subscription.name, err: error }, 'delivery.postponed')
    return { outcome: 'interrupted' } as const
  })
  const durationMs = deps.clock.nowMs() - startedAtMs
  leave({ delivered: result.outcome === 'delivered', durationMs })
  return { result, durationMs }
}

/** Never rejects: a fault that strikes one subscription must not make the fan-out serve all others again. */
async function writeLocally(deps: FirstAttemptDeps, handing: Handing): Promise<Made> {
  try {
    return { result: await attempt(deps, handing) }
  } catch (error) {
    deps.log.error({ eventId: handing.job.event.id, subscription: handing.subscription.name, err: error }, 'delivery.threw')
    return { result: { outcome: 'unreachable', reason: 'internal error' } }
  }
}

function attempt({ sinks }: FirstAttemptDeps, { job, subscription, body, stop }: Handing): Promise<DeliveryResult | Interrupted> {
  return attemptSink(sinks, { subscription, event: job.event, body, deliveryId: deliveryId(job.event.id, job.replay) }, stop)
}
