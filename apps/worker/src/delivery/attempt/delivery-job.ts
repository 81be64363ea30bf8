// Owns: the job of one delivery, made from the subscription as it is now.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'

/** The job names when the subscription was created: a newer subscription of the same name does not get the delivery. */
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
