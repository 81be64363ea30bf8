// Owns: calling a webhook straight from the fan-out. The job waits a moment for the answer; after that the delivery
// stands in its queue as well, delayed until the call must have ended, and is removed when the call succeeds.
import type { DeliveryJob, WebhookSink } from '@wxgw/contracts'
import { Stop, within } from '@wxgw/wechat-core'
import { type Delivered, deliverOnce, type DeliverOnceDeps, type OneDelivery } from '../attempt/deliver-once.ts'
import type { DirectCalls, Leave } from './direct-calls.ts'
import type { DispatchRoom } from './dispatch-room.ts'
import { type EnqueueDeps, enqueueUnfinished, type FirstOutcome } from './enqueue-unfinished.ts'
import type { LateCalls } from './late-calls.ts'

export type CallWebhookDeps = DeliverOnceDeps & EnqueueDeps & {
  directCalls: Pick<DirectCalls, 'enter' | 'seen'>
  lateCalls: Pick<LateCalls, 'mayLeave' | 'signal' | 'follow'>
  /** Slots of all webhooks: without a free one, a call waits. */
  callPlaces: DispatchRoom
  /** How long a job waits for a webhook that it calls. Default 250 ms. */
  callHoldsJobMs?: number
}

type Call = Omit<OneDelivery, 'onAttempted'> & { sink: WebhookSink }

/** Five times what counts as quick. */
const CALL_HOLDS_JOB_MS = 250
/** Beyond the call's own time-out: what a busy process and a slow store add until the outcome is recorded. */
const CALL_MARGIN_MS = 10_000

/** undefined: the webhook must not be called from here now. Rejects as deliverOnce and the queue. */
export async function callWebhook(deps: CallWebhookDeps, call: Call): Promise<FirstOutcome | undefined> {
  const { directCalls, callPlaces } = deps
  await callPlaces.enter(1)
  try {
    const leave = await directCalls.enter({ subscription: call.subscription.name, url: call.sink.url })
    return leave === undefined ? undefined : await callFor(deps, call, leave)
  } finally {
    callPlaces.leave()
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

  // No call from here any more until the webhook has answered its queue quickly.
  directCalls.seen({ subscription: subscription.name, url: sink.url }, { delivered: false, durationMs: callHoldsJobMs })
  if (!lateCalls.mayLeave() || stop.aborted) return enqueueUnfinished(deps, delivery, { delivered: await delivering })
  try {
    await enqueueDelivery(delivery, { delayMs: sink.timeoutMs + CALL_MARGIN_MS })
  } catch (error) {
    // If the process died now, nothing would be left of the delivery: the job has to wait.
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

/** Never rejects: a delivery whose outcome cannot be written is made again when its delay is over. */
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
