// Owns: what the outcome of a first attempt means for the subscription's queue: what was not delivered goes there.
import type { DeliveryJob } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { DeliveryQueue } from '@wxgw/redis'
import type { Delivered } from '../attempt/deliver-once.ts'
import { recordState, type StateDeps } from '../attempt/record-state.ts'

export type EnqueueDeps = StateDeps & {
  /** Into the subscription's own queue, de-duplicated by `deliveryId`; resolves after Redis has accepted. */
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  takeBack: DeliveryQueue['takeBack']
  subscriptions: Pick<Subscriptions, 'get'>
}

/** `dropped`: the subscription was deleted while it was attempted. */
export type FirstOutcome = 'delivered' | 'enqueued' | 'dropped'

/** `isHeld`: the delivery is in its queue already, delayed until the attempt must have ended. Rejects as the store does. */
export async function enqueueUnfinished(
  deps: EnqueueDeps,
  delivery: DeliveryJob,
  { delivered, isHeld = false }: { delivered: Delivered; isHeld?: boolean },
): Promise<FirstOutcome> {
  const { enqueueDelivery, takeBack, subscriptions } = deps
  const held = isHeld ? { isHeld } : {}
  switch (delivered.kind) {
    case 'delivered':
    case 'dropped':
      if (isHeld) await takeBack(delivery)
      return delivered.kind
    case 'unmade': {
      const { event, subscription, subscribedAtMs } = delivery
      // A call may have lasted: a subscription that was deleted meanwhile must not get its queue back.
      if ((await subscriptions.get(subscription))?.createdAtMs !== subscribedAtMs) {
        await recordState(deps, { event, subscription, status: 'discarded', attempts: 0 })
        return 'dropped'
      }
      await enqueueDelivery(delivery, isHeld ? held : undefined)
      return 'enqueued'
    }
    case 'retry':
    case 'dead': {
      // The dead letters are the failed set of the queue, so a dead delivery goes there, too.
      const after = delivered.kind === 'retry' ? { delayMs: delivered.delayMs } : { isFinal: true }
      await enqueueDelivery(delivery, { ...after, ...held, attemptsMade: 1, lastError: delivered.error })
      return 'enqueued'
    }
    default:
      return delivered satisfies never
  }
}
