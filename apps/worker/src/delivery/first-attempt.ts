// Owns: the first attempt at one delivery where the fan-out may make it itself; what it may not, and what failed, goes to the
// subscription's own queue.
import { type DeliveryJob, type DeliveryResult, type FanOutJob, orderingKey, type Subscription, type WebhookSink } from '@wxgw/contracts'
import { deliveryId, type DeliveryQueue } from '@wxgw/redis'
import { Stop, type StopSignal, within } from '@wxgw/wechat-core'
import type { Sinks } from '../sinks/sink.ts'
import { attemptSink, type Interrupted } from './attempt-sink.ts'
import { type Delivered, deliverOnce, type DeliverOnceDeps } from './deliver-once.ts'
import type { DeliveryHealth } from './delivery-health.ts'
import { deliveryJob } from './delivery-job.ts'
import type { DirectCalls, Leave } from './direct-calls.ts'
import type { DispatchRoom } from './dispatch-room.ts'
import type { LateCalls } from './late-calls.ts'
import type { OrderedDeliveries } from './ordered-deliveries.ts'
import { type AboutDelivery, recordState } from './record-state.ts'

export type FirstAttemptDeps = DeliverOnceDeps & {
  sinks: Sinks
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'isOpen'>
  directCalls: Pick<DirectCalls, 'enter' | 'seen'>
  lateCalls: Pick<LateCalls, 'mayLeave' | 'signal' | 'follow'>
  /** Into the subscription's own queue, de-duplicated by `deliveryId`; resolves after Redis has accepted. */
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  takeBack: DeliveryQueue['takeBack']
  ordered: OrderedDeliveries
  /** Of all webhooks: who finds none waits. */
  callPlaces: DispatchRoom
  /** How long a job waits for a webhook that it calls. Default 250 ms. */
  callHoldsJobMs?: number
}

export type FirstAttemptOptions = {
  /** Aborts when the process ends or the job is no longer ours. */
  stop: StopSignal
  /** May webhooks be called from here? */
  mayCall: boolean
  /** Puts the delivery behind those of earlier events. Default: behind all that are there now. */
  handInOrder?: ((subscription: Subscription, delivery: DeliveryJob) => Promise<void>) | undefined
}

type Handing = { job: FanOutJob; subscription: Subscription; body: string } & FirstAttemptOptions

/** `dropped`: the subscription was deleted while it was being called. */
export type Handed = 'delivered' | 'enqueued' | 'dropped'

/** Five times what counts as quick. */
const CALL_HOLDS_JOB_MS = 250
/** Beyond the call's own time-out: what a busy process and a slow store add until its outcome is written down. */
const CALL_MARGIN_MS = 10_000

/** Rejects when the store takes neither the delivery nor a question. */
export async function makeFirstAttempt(deps: FirstAttemptDeps, handing: Handing): Promise<Handed> {
  const { job, subscription } = handing
  const { sink, createdAtMs } = subscription
  const delivery = firstDelivery(job, subscription)
  // The first delivery is pending since the event was recorded; a replay starts anew what may have ended long ago.
  if (job.replay !== undefined) {
    await recordState(deps, { ...aboutOf(delivery), status: 'pending', attempts: 0, jobId: delivery.deliveryId })
  }
  if (orderingKey(subscription, job.event) !== undefined) {
    await (handing.handInOrder?.(subscription, delivery) ?? deps.ordered.enqueue(subscription, [delivery]))
    return 'enqueued'
  }
  if (isHeldBack(subscription)) return enqueueNow(deps, delivery)
  if (sink.kind !== 'webhook') {
    const written = await deliverFirst(deps, delivery, { createdAtMs, make: () => writeLocally(deps, handing), isLogged: false })
    return passOn(deps, delivery, written)
  }
  // A consumer that may answer the push has places of its own, and a replay goes behind what waits.
  const isCalled = handing.mayCall && job.replay === undefined && !subscription.reply && !deps.health.isOpen(subscription.name)
  return (isCalled ? await callNow(deps, { ...handing, delivery, sink }) : undefined) ?? enqueueNow(deps, delivery)
}

/** What it gets is delivered from its queue alone: there it waits, whatever its sink is. */
export function isHeldBack({ paused, throttle }: Subscription): boolean {
  return paused || throttle !== null
}

async function enqueueNow({ enqueueDelivery }: FirstAttemptDeps, delivery: DeliveryJob): Promise<Handed> {
  await enqueueDelivery(delivery)
  return 'enqueued'
}

/** undefined: the webhook is not to be called from here now. */
async function callNow(deps: FirstAttemptDeps, calling: Omit<Calling, 'leave'>): Promise<Handed | undefined> {
  const { directCalls, callPlaces } = deps
  const { subscription, sink } = calling
  await callPlaces.enter(1)
  try {
    const leave = await directCalls.enter({ subscription: subscription.name, url: sink.url })
    return leave === undefined ? undefined : await callWebhook(deps, { ...calling, leave })
  } finally {
    callPlaces.leave()
  }
}

function deliverFirst(
  deps: FirstAttemptDeps,
  delivery: DeliveryJob,
  attempt: Pick<Parameters<typeof deliverOnce>[1], 'createdAtMs' | 'make' | 'onAttempted' | 'isLogged'>,
): Promise<Delivered> {
  const { scheduleSeconds } = delivery
  return deliverOnce(deps, { about: aboutOf(delivery), attempt: 1, scheduleSeconds, ...attempt })
}

/** `isHeld`: the delivery stands in its queue already, put off. */
async function passOn(
  deps: FirstAttemptDeps,
  delivery: DeliveryJob,
  delivered: Delivered,
  { isHeld = false } = {},
): Promise<Handed> {
  const { enqueueDelivery, takeBack } = deps
  switch (delivered.kind) {
    case 'delivered':
    case 'dropped':
      if (isHeld) await takeBack(delivery)
      return delivered.kind
    case 'interrupted':
      // A call may have lasted: what was deleted meanwhile is not to get its queue back.
      if ((await deps.subscriptions.get(delivery.subscription))?.createdAtMs !== delivery.subscribedAtMs) {
        await recordState(deps, { ...aboutOf(delivery), status: 'discarded', attempts: 0 })
        return 'dropped'
      }
      await enqueueDelivery(delivery, isHeld ? { isHeld } : undefined)
      return 'enqueued'
    case 'retry':
    case 'dead': {
      // What is dead goes there all the same: the queue's failed set is where dead letters stand.
      const left = delivered.kind === 'retry' ? { delayMs: delivered.delayMs } : { isFinal: true }
      const held = isHeld ? { isHeld } : {}
      await enqueueDelivery(delivery, { ...left, ...held, attemptsMade: 1, lastError: delivered.error })
      return 'enqueued'
    }
    default:
      return delivered satisfies never
  }
}

type Calling = Handing & { delivery: DeliveryJob; leave: Leave; sink: WebhookSink }

/**
 * The job waits a moment for the answer, and no other event of it any longer than that: then the delivery is put into
 * its queue, to be made when the call cannot be under way any more, and is taken back when the call succeeds.
 */
async function callWebhook(deps: FirstAttemptDeps, calling: Calling): Promise<Handed> {
  const { delivery, stop, leave, subscription, sink } = calling
  const { directCalls, enqueueDelivery, lateCalls, callHoldsJobMs = CALL_HOLDS_JOB_MS } = deps
  const ending = new Stop()
  const end = () => ending.abort(new Error('the process ends, or the job is no longer ours'))
  if (stop.aborted) end()
  stop.addEventListener('abort', end)
  const call = deliverFirst(deps, delivery, {
    createdAtMs: subscription.createdAtMs,
    make: () => tryWebhook(deps, { ...calling, stop: ending }),
    onAttempted: ({ outcome, durationMs }) => leave({ delivered: outcome === 'delivered', durationMs }),
  }).finally(() => stop.removeEventListener('abort', end))
  const delivered = await within(callHoldsJobMs, call)
  if (delivered !== undefined) return passOn(deps, delivery, delivered)
  // Until it has answered its queue quickly, nobody calls it from here any more.
  directCalls.seen({ subscription: subscription.name, url: sink.url }, { delivered: false, durationMs: callHoldsJobMs })
  if (!lateCalls.mayLeave() || stop.aborted) return passOn(deps, delivery, await call)
  try {
    await enqueueDelivery(delivery, { delayMs: sink.timeoutMs + CALL_MARGIN_MS })
  } catch (error) {
    // Nothing would be left of it if the process died now: the job has to wait.
    logPostponed(deps, delivery, error)
    return passOn(deps, delivery, await call)
  }
  stop.removeEventListener('abort', end)
  lateCalls.signal.addEventListener('abort', end)
  lateCalls.follow(endLate(deps, delivery, call).finally(() => lateCalls.signal.removeEventListener('abort', end)))
  return 'enqueued'
}

/** Never rejects: what cannot be written down is made again when its time comes. */
async function endLate(deps: FirstAttemptDeps, delivery: DeliveryJob, call: Promise<Delivered>): Promise<void> {
  try {
    await passOn(deps, delivery, await call, { isHeld: true })
  } catch (error) {
    logPostponed(deps, delivery, error)
  }
}

/** Never rejects: a fault of our own counts for nothing. */
async function tryWebhook(deps: FirstAttemptDeps, calling: Calling): Promise<DeliveryResult | Interrupted> {
  try {
    return await attempt(deps, calling)
  } catch (error) {
    logPostponed(deps, calling.delivery, error)
    return { outcome: 'interrupted' }
  }
}

/** Never rejects: a fault that strikes one subscription must not make the fan-out serve all others again. */
async function writeLocally(deps: FirstAttemptDeps, handing: Handing): Promise<DeliveryResult | Interrupted> {
  try {
    return await attempt(deps, handing)
  } catch (error) {
    deps.log.error({ eventId: handing.job.event.id, subscription: handing.subscription.name, err: error }, 'delivery.threw')
    return { outcome: 'unreachable', reason: 'internal error' }
  }
}

function attempt({ sinks }: FirstAttemptDeps, { job, subscription, body, stop }: Handing): Promise<DeliveryResult | Interrupted> {
  return attemptSink(sinks, { subscription, event: job.event, body, deliveryId: deliveryId(job.event.id, job.replay) }, stop)
}

function logPostponed({ log }: FirstAttemptDeps, delivery: DeliveryJob, error: unknown): void {
  log.warn({ eventId: delivery.event.id, subscription: delivery.subscription, err: error }, 'delivery.postponed')
}

function aboutOf({ event, subscription }: DeliveryJob): AboutDelivery {
  return { event, subscription }
}

function firstDelivery({ event, receivedAtMs, replay, reply }: FanOutJob, subscription: Subscription): DeliveryJob {
  const job = deliveryJob({ event, receivedAtMs, deliveryId: deliveryId(event.id, replay) }, subscription)
  return reply?.subscription === subscription.name ? { ...job, reply: { deadlineAtMs: reply.deadlineAtMs } } : job
}
