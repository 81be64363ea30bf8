// Owns: reading the statistics of one subscription for `GET …/stats`. The cost does not depend on the number of
// waiting deliveries, and is bounded for dead letters.
import type { RedisConnection } from '../connect.ts'
import { failedJobs } from '../bullmq-format/failed-jobs.ts'
import { deliveriesQueue, type PlatformKeys } from '../keys.ts'
import { type QueueCounts, readQueueCounts } from '../bullmq-format/queue-counts.ts'
import { allSucceeded, guardStore, hashIn } from '../store-errors.ts'
import { countsSlots, type HourCounts, sumCounts } from './delivery-counts.ts'
import { createDeliveryHealthStore, type StoredHealth } from './delivery-health.ts'

export type SubscriptionStats = HourCounts &
  StoredHealth &
  QueueCounts & {
    /** Of the newest 5,000; the 20 most frequent. */
    deadLettersByReason: Record<string, number>
  }

export type SubscriptionStatsReader = { read(subscription: string): Promise<SubscriptionStats> }

type SubscriptionStatsDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys }

const MAX_REASONS = 20
const MAX_DEAD = 5_000
const DEAD_BATCH = 250

export function createSubscriptionStats({ platform, redis, keys }: SubscriptionStatsDeps): SubscriptionStatsReader {
  const health = createDeliveryHealthStore({ redis, keys })

  async function hourOf(subscription: string): Promise<HourCounts> {
    const nowMs = Date.now()
    const pipeline = redis.pipeline()
    for (const slot of countsSlots(nowMs)) pipeline.hgetall(keys.deliveryCounts(subscription, String(slot)))
    return sumCounts(allSucceeded(await pipeline.exec()).map(hashIn), nowMs)
  }

  async function reasonsIn(queue: string): Promise<Record<string, number>> {
    const failed = failedJobs(redis, queue)
    const counts = new Map<string, number>()
    for (let first = 0; first < MAX_DEAD; first += DEAD_BATCH) {
      const reasons = await failed.newestReasons(first, first + DEAD_BATCH - 1)
      for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      if (reasons.length < DEAD_BATCH) break
    }
    return Object.fromEntries([...counts].toSorted(([, left], [, right]) => right - left).slice(0, MAX_REASONS))
  }

  return {
    read: (subscription) =>
      guardStore(async () => {
        const queue = deliveriesQueue(platform, subscription)
        const [hour, state, counts, deadLettersByReason] = await Promise.all([
          hourOf(subscription),
          health.read(subscription),
          readQueueCounts(redis, queue),
          reasonsIn(queue),
        ])
        return { ...hour, ...state, ...counts, deadLettersByReason }
      }),
  }
}
