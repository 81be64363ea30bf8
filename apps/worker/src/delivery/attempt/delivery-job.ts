// Owns: the job of one delivery, as the subscription is when it is made.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'

/** It belongs to this creation of the subscription: a later one of its name gets nothing of it. */
export function deliveryJob(
  delivery: Pick<DeliveryJob, 'event' | 'receivedAtMs' | 'deliveryId'>,
  { platform, name, createdAtMs, retry }: Subscription,
): DeliveryJob {
  return {
    v: 1,
    kind: 'deliver',
    platform,
    subscription: name,
    subscribedAtMs: createdAtMs,
    ...delivery,
    scheduleSeconds: retry.scheduleSeconds,
  }
}
