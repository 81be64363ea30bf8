// Owns: what a subscription has standing in Redis beside its record: deliveries, dead letters, its consumer's queue or stream.
import { deliveriesQueue, sinkQueue, sinkStream } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { clearConsumerQueue } from '../queues/clear-consumer-queue.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'

export type Backlog = {
  /** Everything, whatever sinks the subscription has had. Safe to repeat. */
  clear(name: string): Promise<void>
  /** Retries that wait for their time run now: of a disabled subscription they end as dead letters at once. */
  promote(name: string): Promise<void>
}

export type BacklogDeps = { platform: string; redis: RedisConnection; queues: Pick<Queues, 'open' | 'release'> }

export function createBacklog({ platform, redis, queues }: BacklogDeps): Backlog {
  return {
    clear: (name) =>
      guardStore(async () => {
        const deliveries = deliveriesQueue(platform, name)
        // A thousand jobs a step: a long backlog does not hold Redis up.
        await queues.open(deliveries).obliterate({ force: true })
        await queues.release(deliveries)
        await clearConsumerQueue(redis, sinkQueue(platform, name))
        await queues.release(sinkQueue(platform, name))
        await redis.unlink(sinkStream(platform, name))
      }),
    promote: (name) => guardStore(() => queues.open(deliveriesQueue(platform, name)).promoteJobs()),
  }
}
