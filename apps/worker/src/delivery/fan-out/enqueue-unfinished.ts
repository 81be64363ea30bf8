// Owns: putting a delivery into its subscription's queue when the first attempt did not deliver it.
import type { DeliveryJob } from '@wxgw/contracts'
import type { Subscriptions } from '@wxgw/platform'
import type { DeliveryQueue } from '@wxgw/redis'
import type { Delivered } from '../attempt/deliver-once.ts'
import { recordState, type StateDeps } from '../attempt/record-state.ts'

export type EnqueueDeps = StateDeps & {
  /** Adds to the subscription's own queue, de-duplicated by `deliveryId`. Resolves when Redis has accepted it. */
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  takeBack: DeliveryQueue['takeBack']
  subscriptions: Pick<Subscriptions, 'get'>
}

/** `dropped`: the subscription was deleted while it was attempted. */
export type FirstOutcome = 'delivered' | 'enqueued' | 'dropped'

/**
 * `isHeld`: the delivery is in its queue already, delayed until the attempt must have ended. Rejects with
 * STORE_UNAVAILABLE.
 */
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
    case 'uncounted': {
      const { event, subscription, subscribedAtMs } = delivery
      // The call may have taken long: the queue of a subscription that was deleted meanwhile must not come back.
      if ((await subscriptions.get(subscription))?.createdAtMs !== subscribedAtMs) {
        await recordState(deps, { event, subscription, status: 'discarded', attempts: 0 })
        return 'dropped'
      }
      await enqueueDelivery(delivery, isHeld ? held : undefined)
      return 'enqueued'
    }
    case 'retry':
    case 'dead': {
      // The dead letters are the queue's failed set, so a dead delivery is enqueued as well.
      const after = delivered.kind === 'retry' ? { delayMs: delivered.delayMs } : { isFinal: true }
      await enqueueDelivery(delivery, { ...after, ...held, attemptsMade: 1, lastError: delivered.error })
      return 'enqueued'
    }
    default:
      return delivered satisfies never
  }
}
