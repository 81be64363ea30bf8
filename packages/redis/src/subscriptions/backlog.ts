// Owns: the data of a subscription besides its record: deliveries, dead letters, its consumer's queue or stream.
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, orderKey, orderPlacesKey, type PlatformKeys, sinkQueue, sinkStream } from '../keys.ts'
import { dropJobs, type Owner } from '../bullmq-format/move-jobs.ts'
import { oldNames } from '../old-names/old-names.ts'
import { clearConsumerQueue } from '../bullmq-format/clear-consumer-queue.ts'
import type { Queues } from '../queues/queues.ts'
import { clearReplays, type ReplayKeys } from '../replays/replays.ts'
import { guardStore } from '../store-errors.ts'
import { countsSlots } from './delivery-counts.ts'
import type { SubscriptionRecord } from './subscription-record.ts'

type Backlog = {
  /** Removes all data, of all sinks that the subscription has had. Safe to repeat. */
  clear(record: SubscriptionRecord): Promise<void>
  /** Makes delayed retries due. If the subscription is disabled, they become dead letters. */
  promote(name: string): Promise<void>
}

type BacklogDeps = {
  platform: string
  platforms: readonly string[]
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'consumerReturns' | 'failing' | 'deliveryCounts' | 'deliveryHealth' | 'failedOrderingKeys'> &
    ReplayKeys
  queues: Pick<Queues, 'open' | 'release'>
}

export function createBacklog({ platform, platforms, redis, keys, queues }: BacklogDeps): Backlog {
  const old = oldNames(platform, platforms)

  async function clearDeliveries(queue: string, owner: Owner | undefined): Promise<void> {
    if (owner) return dropJobs(redis, queue, owner)
    // BullMQ removes a thousand jobs per step, so a long backlog does not block Redis.
    await queues.open(queue).obliterate({ force: true })
    await queues.release(queue)
  }

  async function clearSinkQueue(queue: string, owner: Owner | undefined): Promise<void> {
    if (owner) return dropJobs(redis, queue, owner)
    await clearConsumerQueue(redis, queue)
    await queues.release(queue)
  }

  return {
    clear: ({ subscription: { name, sink }, dotted }) =>
      guardStore(async () => {
        await clearDeliveries(deliveriesQueue(platform, name), undefined)
        await redis.unlink(orderKey(platform, name), orderPlacesKey(platform, name))
        if (!dotted) await clearDeliveries(old.deliveriesQueue(name), old.ownerOfDeliveries(name))
        await clearSinkQueue(sinkQueue(platform, name), undefined)
        const oldQueue = old.sinkQueue(name)
        const hasOldQueue = sink.kind === 'queue' && sink.queue === oldQueue
        if (!dotted || hasOldQueue) await clearSinkQueue(oldQueue, old.ownerInSinkQueue(name))
        for (const stream of [sinkStream(platform, name), old.sinkStream(name)]) await redis.unlink(stream)
        await redis.hdel(keys.consumerReturns, name)
        await clearReplays(redis, keys, name)
        await redis.zrem(keys.failing, name)
        const slots = countsSlots(Date.now()).map((slot) => keys.deliveryCounts(name, String(slot)))
        await redis.unlink(keys.deliveryHealth(name), keys.failedOrderingKeys(name), ...slots)
      }),
    promote: (name) => guardStore(() => queues.open(deliveriesQueue(platform, name)).promoteJobs()),
  }
}
