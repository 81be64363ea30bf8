// Owns: the first attempt at one delivery, when the fan-out may make it itself. Otherwise, and after a failure, the
// delivery goes to the subscription's own queue.
import { type DeliveryJob, type FanOutJob, orderingKey, type Subscription } from '@wxgw/contracts'
import { deliveryId } from '@wxgw/redis'
import type { StopSignal } from '@wxgw/wechat-core'
import { deliverOnce } from '../attempt/deliver-once.ts'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { deliveryJob } from '../attempt/delivery-job.ts'
import { recordState } from '../attempt/record-state.ts'
import type { OrderedDeliveries } from '../ordered/ordered-deliveries.ts'
import { callWebhook, type CallWebhookDeps } from './call-webhook.ts'
import { enqueueUnfinished, type FirstOutcome } from './enqueue-unfinished.ts'

export type FirstAttemptDeps = CallWebhookDeps & {
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'isOpen'>
  ordered: Pick<OrderedDeliveries, 'enqueue' | 'leave'>
}

export type FirstAttemptOptions = {
  /** Aborts when the process ends or the job is no longer ours. */
  stop: StopSignal
  /** Whether webhooks may be called from here. */
  mayCall: boolean
  /** Enqueues the delivery behind those of earlier events. Default: behind all that are in the order now. */
  enqueueInOrder?: ((subscription: Subscription, delivery: DeliveryJob) => Promise<void>) | undefined
}

type FirstAttempt = { job: FanOutJob; subscription: Subscription; body: string } & FirstAttemptOptions

/** Rejects with STORE_UNAVAILABLE. */
export async function makeFirstAttempt(deps: FirstAttemptDeps, first: FirstAttempt): Promise<FirstOutcome> {
  const { job, subscription, body, stop, mayCall, enqueueInOrder } = first
  const { name, sink, reply } = subscription
  const delivery = firstDelivery(job, subscription)
  // A first delivery is pending since the event was recorded. A replayed one may have ended long ago: it is pending
  // again.
  if (job.replay !== undefined) {
    const { event, deliveryId: jobId } = delivery
    await recordState(deps, { event, subscription: name, status: 'pending', attempts: 0, jobId })
  }
  if (orderingKey(subscription, job.event) !== undefined) {
    await (enqueueInOrder?.(subscription, delivery) ?? deps.ordered.enqueue(subscription, [delivery]))
    return 'enqueued'
  }
  if (!isHeldBack(subscription)) {
    if (sink.kind !== 'webhook') {
      const one = { delivery, subscription, attempt: 1, body, stop, isLogged: false }
      const delivered = await deliverOnce(deps, one)
      return enqueueUnfinished(deps, delivery, { delivered })
    }
    // A subscription with `reply` has slots of its own, and a replay goes behind the waiting deliveries.
    const isCalled = mayCall && job.replay === undefined && !reply && !deps.health.isOpen(name)
    const one = { delivery, subscription, attempt: 1, body, stop, sink }
    const called = isCalled ? await callWebhook(deps, one) : undefined
    if (called !== undefined) return called
  }
  await deps.enqueueDelivery(delivery)
  return 'enqueued'
}

/** A paused or throttled subscription: all its deliveries are made from its queue, whatever its sink is. */
export function isHeldBack({ paused, throttle }: Subscription): boolean {
  return paused || throttle !== null
}

function firstDelivery({ event, receivedAtMs, replay, reply }: FanOutJob, subscription: Subscription): DeliveryJob {
  const job = deliveryJob({ event, receivedAtMs, deliveryId: deliveryId(event.id, replay) }, subscription)
  return reply?.subscription === subscription.name ? { ...job, reply: { deadlineAtMs: reply.deadlineAtMs } } : job
}
