// Owns: delivery into a Redis stream that the consumer's group reads. packages/redis makes the XADD.
import { isOurStoreAway, storeFailure } from './failure-reason.ts'
import { type SinkPort, wrongSink } from './sink.ts'

export type StreamEntry = {
  stream: string
  fields: { id: string; type: string; event: string }
  /** The stream is trimmed to this many entries; undefined = never. */
  maxLength: number | undefined
}

type StreamSinkDeps = { appendToStream(entry: StreamEntry): Promise<void> }

/** One entry per event, with the fields `id`, `type` and `event` (the event as JSON). */
export function createStreamSink({ appendToStream }: StreamSinkDeps): SinkPort {
  return {
    async deliver({ subscription: { sink }, event, body }) {
      if (sink.kind !== 'stream') throw wrongSink('stream', sink.kind)
      try {
        await appendToStream({
          stream: sink.stream,
          fields: { id: event.id, type: event.type, event: body },
          maxLength: sink.maxLength,
        })
        return { outcome: 'delivered' }
      } catch (error) {
        // No fault of the consumer: the attempt does not count.
        if (isOurStoreAway(error)) throw error
        return { outcome: 'unreachable', reason: storeFailure(error) }
      }
    },
  }
}
