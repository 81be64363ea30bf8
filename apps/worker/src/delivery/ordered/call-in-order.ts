// Owns: calling a webhook straight from the fan-out for deliveries that have joined the order and are alone in it:
// those of one key, one after the other. As long as a call is under way, its delivery keeps the place.
import type { DeliveryJob, Subscription, WebhookSink } from '@wxgw/contracts'
import type { DeliveryOrder, EnqueueOptions, OrderedDelivery } from '@wxgw/redis'
import type { StopSignal } from '@wxgw/wechat-core'
import type { DeliveryHealth } from '../attempt/delivery-health.ts'
import { CALL_HOLDS_JOB_MS, callWebhook, type CallWebhookDeps } from '../fan-out/call-webhook.ts'
import type { DirectCalls } from '../fan-out/direct-calls.ts'
import { isHeldBack } from '../fan-out/first-attempt.ts'

export type CallInOrderDeps = Omit<CallWebhookDeps, 'directCalls'> & {
  directCalls: Pick<DirectCalls, 'enter' | 'observe' | 'probe' | 'speed'>
  order: Pick<DeliveryOrder, 'hold' | 'leave'>
  health: Pick<DeliveryHealth, 'succeeded' | 'failed' | 'isOpen'>
}

/** Deliveries of one key to one webhook, in their order. */
export type Chain = { key: string; deliveries: readonly DeliveryJob[] }

/** What a killed worker was calling is made again after this time. Together with the next poll: within 20 s. */
const LATE_MS = 17_000
/** Added to the call's own time-out: a busy process and a slow store need this long to record the outcome. */
const MARGIN_MS = 5_000

export type CalledWebhook = Subscription & { sink: WebhookSink }

/** Its deliveries may be called from the fan-out, as far as the subscription shows. */
export function isCallable(subscription: Subscription): subscription is CalledWebhook {
  const { sink, reply } = subscription
  return sink.kind === 'webhook' && !reply && !isHeldBack(subscription) && sink.timeoutMs + MARGIN_MS <= LATE_MS
}

/**
 * Calls until one is not delivered, or for 250 ms. Answers how many deliveries, from the first, need nothing more:
 * those that were delivered have left the order, and one that was not is in its queue. Rejects with STORE_UNAVAILABLE.
 */
export async function callChain(
  deps: CallInOrderDeps,
  { subscription, chain, stop }: { subscription: CalledWebhook; chain: Chain; stop: StopSignal },
): Promise<number> {
  const { name, sink } = subscription
  const { key, deliveries } = chain
  const untilMs = performance.now() + CALL_HOLDS_JOB_MS
  const delivered: OrderedDelivery[] = []
  let attempted = 0
  try {
    for (const delivery of deliveries) {
      if (stop.aborted || deps.health.isOpen(name) || performance.now() > untilMs) break
      const ordered = { key, deliveryId: delivery.deliveryId }
      const holding = holdingPlace(deps, subscription, ordered)
      const outcome = await callWebhook(holding, { delivery, subscription, attempt: 1, stop, sink })
      if (outcome === undefined) break
      attempted += 1
      if (outcome === 'enqueued') break
      delivered.push(ordered)
    }
  } finally {
    await Promise.all(delivered.map((ordered) => deps.order.leave(name, ordered)))
  }
  return attempted
}

/** What happens to the call's delivery happens to its place in the order, too. */
function holdingPlace(deps: CallInOrderDeps, subscription: CalledWebhook, ordered: OrderedDelivery): CallWebhookDeps {
  const { directCalls, order, clock } = deps
  const { name, orderingTimeoutSeconds } = subscription
  const startedAtMs = clock.nowMs()

  async function enqueueDelivery(delivery: DeliveryJob, options: EnqueueOptions = {}): Promise<void> {
    const { attemptsMade = 0, delayMs = 0, lastError = '', isFinal = false } = options
    if (isFinal) {
      await deps.enqueueDelivery(delivery, options)
      return order.leave(name, ordered)
    }
    if (attemptsMade === 0) return deps.enqueueDelivery(delivery, { ...options, delayMs: Math.min(delayMs, LATE_MS) })
    const nowMs = clock.nowMs()
    const heldMs = nowMs - startedAtMs
    await order.hold(name, ordered.deliveryId, { heldMs, checkedAtMs: nowMs, dueAtMs: nowMs + delayMs, lastError })
    const leftMs = Math.max(orderingTimeoutSeconds * 1_000 - heldMs, 0)
    return deps.enqueueDelivery(delivery, { ...options, delayMs: Math.min(delayMs, leftMs) })
  }

  return {
    ...deps,
    directCalls: {
      enter: (webhook) => directCalls.probe(webhook) ?? directCalls.enter(webhook),
      observe: directCalls.observe,
    },
    enqueueDelivery,
    async takeBack(delivery) {
      await deps.takeBack(delivery)
      await order.leave(name, ordered)
    },
  }
}
