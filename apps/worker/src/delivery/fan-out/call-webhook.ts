// Owns: calling a webhook straight from the fan-out. The job waits 250 ms for the answer. After that the delivery is
// also put into its queue, delayed until the call must have ended, and is removed there when the call succeeds.
import type { DeliveryJob, WebhookSink } from '@wxgw/contracts'
import { Stop, within } from '@wxgw/wechat-core'
import { type Delivered, deliverOnce, type DeliverOnceDeps, type OneDelivery } from '../attempt/deliver-once.ts'
import type { DirectCalls, Leave } from './direct-calls.ts'
import type { DispatchSlots } from './dispatch-slots.ts'
import { type EnqueueDeps, enqueueUnfinished, type FirstOutcome } from './enqueue-unfinished.ts'
import type { LateCalls } from './late-calls.ts'

export type CallWebhookDeps = DeliverOnceDeps &
  EnqueueDeps & {
    directCalls: Pick<DirectCalls, 'enter' | 'observe'>
    lateCalls: Pick<LateCalls, 'mayLeave' | 'signal' | 'follow'>
    /** Slots for calls, of all webhooks together: without a free one a call waits. */
    callSlots: DispatchSlots
    /** How long a job waits for a webhook that it calls. Default 250 ms. */
    callHoldsJobMs?: number
  }

export type Call = Omit<OneDelivery, 'onAttempted'> & { sink: WebhookSink }

/** Five times QUICK_MS of direct-calls.ts. */
export const CALL_HOLDS_JOB_MS = 250
/** Added to the call's own time-out: a busy process and a slow store need this long to record the outcome. */
const CALL_MARGIN_MS = 10_000

/** undefined: the webhook is not called from here now. Rejects when deliverOnce or the queue rejects. */
export async function callWebhook(deps: CallWebhookDeps, call: Call): Promise<FirstOutcome | undefined> {
  const { directCalls, callSlots } = deps
  await callSlots.enter(1)
  try {
    const leave = await directCalls.enter({ subscription: call.subscription.name, url: call.sink.url })
    return leave === undefined ? undefined : await callFor(deps, call, leave)
  } finally {
    callSlots.leave()
  }
}

async function callFor(deps: CallWebhookDeps, call: Call, leave: Leave): Promise<FirstOutcome> {
  const { delivery, subscription, sink, stop } = call
  const { directCalls, enqueueDelivery, lateCalls, callHoldsJobMs = CALL_HOLDS_JOB_MS } = deps
  const cut = new Stop()
  const onStop = () => cut.abort(new Error('the process ends, or the job is no longer ours'))
  if (stop.aborted) onStop()
  stop.addEventListener('abort', onStop)
  const delivering = deliverOnce(deps, {
    ...call,
    stop: cut,
    onAttempted: ({ outcome, durationMs }) => leave({ delivered: outcome === 'delivered', durationMs }),
  }).finally(() => stop.removeEventListener('abort', onStop))

  const delivered = await within(callHoldsJobMs, delivering)
  if (delivered !== undefined) return enqueueUnfinished(deps, delivery, { delivered })

  // Counted as a failure: the webhook gets no more direct calls until it has answered its queue quickly.
  directCalls.observe(
    { subscription: subscription.name, url: sink.url },
    { delivered: false, durationMs: callHoldsJobMs },
  )
  if (!lateCalls.mayLeave() || stop.aborted) return enqueueUnfinished(deps, delivery, { delivered: await delivering })
  try {
    await enqueueDelivery(delivery, { delayMs: sink.timeoutMs + CALL_MARGIN_MS })
  } catch (error) {
    // The queue does not have the delivery, so the job has to stay until the call ends: if this process dies, the job
    // remains.
    logPostponed(deps, delivery, error)
    return enqueueUnfinished(deps, delivery, { delivered: await delivering })
  }
  stop.removeEventListener('abort', onStop)
  lateCalls.signal.addEventListener('abort', onStop)
  lateCalls.follow(
    endLate(deps, delivery, delivering).finally(() => lateCalls.signal.removeEventListener('abort', onStop)),
  )
  return 'enqueued'
}

/** Never rejects: a delivery whose outcome cannot be written is made again by its queue when its delay is over. */
async function endLate(deps: CallWebhookDeps, delivery: DeliveryJob, delivering: Promise<Delivered>): Promise<void> {
  try {
    await enqueueUnfinished(deps, delivery, { delivered: await delivering, isHeld: true })
  } catch (error) {
    logPostponed(deps, delivery, error)
  }
}

function logPostponed({ log }: CallWebhookDeps, { event, subscription }: DeliveryJob, error: unknown): void {
  log.warn({ eventId: event.id, subscription, err: error }, 'delivery.postponed')
}
