// Owns: which deliveries Redis makes itself, in the step that records the event: those to streams and queues. Events
// that are recorded together are written together. All other deliveries are made by `deliver` of their sink.
import type { Subscription } from '@wxgw/contracts'
import type { ConsumerWrite } from '@wxgw/redis'

/** A webhook is never one of them. */
export function recordedWrites(subscriptions: readonly Subscription[]): ConsumerWrite[] {
  return subscriptions.flatMap(writeTo)
}

function writeTo({ name, sink }: Subscription): ConsumerWrite[] {
  switch (sink.kind) {
    case 'stream':
      return [{ subscription: name, stream: sink.stream, maxLength: sink.maxLength }]
    case 'queue':
      return [{ subscription: name, queue: sink.queue }]
    case 'webhook':
      return []
    default:
      return sink satisfies never
  }
}
