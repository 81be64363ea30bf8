// Owns: the batch call of the sinks: which of the subscriptions are written to by Redis itself, in the step that records
// the event, together with the events that are recorded at the same moment. The other way is `deliver` of each sink.
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
