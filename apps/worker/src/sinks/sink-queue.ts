// Owns: delivery into a BullMQ queue that the consumer's Worker opens. packages/redis adds the job.
import type { GatewayEvent } from '@wxgw/contracts'
import { isOurStoreAway, storeFailure } from './failure-reason.ts'
import { type SinkPort, wrongSink } from './sink.ts'

export type ConsumerJob = {
  queue: string
  /** De-duplicates while the consumer's job exists. */
  jobId: string
  /** The event's type. */
  name: string
  data: GatewayEvent
}

type QueueSinkDeps = { addToConsumerQueue(job: ConsumerJob): Promise<void> }

/** One job per event: `job.name` is the type, `job.data` the event, `job.id` the delivery's id. */
export function createQueueSink({ addToConsumerQueue }: QueueSinkDeps): SinkPort {
  return {
    async deliver({ subscription: { sink }, event, deliveryId }) {
      if (sink.kind !== 'queue') throw wrongSink('queue', sink.kind)
      try {
        await addToConsumerQueue({
          queue: sink.queue,
          jobId: deliveryId,
          name: event.type,
          data: event,
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
