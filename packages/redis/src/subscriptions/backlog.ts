// Owns: what a subscription has standing in Redis beside its record: deliveries, dead letters, its consumer's queue or stream.
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, sinkQueue, sinkStream } from '../keys.ts'
import { oldNames } from '../old-names.ts'
import { clearConsumerQueue } from '../queues/clear-consumer-queue.ts'
import type { Queues } from '../queues/queues.ts'
import { guardStore } from '../store-errors.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

export type Backlog = {
  /** Everything, whatever sinks the subscription has had. Safe to repeat. */
  clear(record: SubscriptionRecord): Promise<void>
  /** Retries that wait for their time run now: of a disabled subscription they end as dead letters at once. */
  promote(name: string): Promise<void>
}

export type BacklogDeps = {
  platform: string
  platforms: readonly string[]
  redis: RedisConnection
  queues: Pick<Queues, 'open' | 'release'>
}

export function createBacklog({ platform, platforms, redis, queues }: BacklogDeps): Backlog {
  const old = oldNames(platform, platforms)
  return {
    clear: ({ subscription: { name }, dotted }) =>
      guardStore(async () => {
        // What stands in an ambiguous queue may be another subscription's.
        const ifOurs = (queue: string) => (dotted || old.isAmbiguous(queue) ? [] : [queue])
        for (const queue of [deliveriesQueue(platform, name), ...ifOurs(old.deliveriesQueue(name))]) {
          // A thousand jobs a step: a long backlog does not hold Redis up.
          await queues.open(queue).obliterate({ force: true })
          await queues.release(queue)
        }
        for (const queue of [sinkQueue(platform, name), ...ifOurs(old.sinkQueue(name))]) {
          await clearConsumerQueue(redis, queue)
          await queues.release(queue)
        }
        for (const stream of [sinkStream(platform, name), old.sinkStream(name)]) await redis.unlink(stream)
      }),
    promote: (name) => guardStore(() => queues.open(deliveriesQueue(platform, name)).promoteJobs()),
  }
}
