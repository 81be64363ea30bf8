// Owns: reading the statistics of one subscription for `GET …/stats`. The cost does not depend on the number of
// waiting deliveries, and is bounded for dead letters.
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, type PlatformKeys, queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { type QueuePlaces, readQueuePlaces } from '../bullmq-format/queue-places.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { countsSlots, type HourCounts, sumCounts } from './delivery-counts.ts'
import { createDeliveryHealthStore, type StoredHealth } from './delivery-health.ts'

export type SubscriptionStats = HourCounts &
  StoredHealth &
  QueuePlaces & {
    /** Of the newest 5,000; the 20 most frequent. */
    deadLettersByReason: Record<string, number>
  }

export type SubscriptionStatsReader = { read(subscription: string): Promise<SubscriptionStats> }

type SubscriptionStatsDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys }

const MAX_REASONS = 20
const MAX_DEAD = 5_000
const DEAD_AT_ONCE = 250

const reasonsOfDead = defineScript({
  name: 'subscriptions/reasons-of-dead',
  keys: ['dead'],
  args: ['prefix', 'first', 'last'],
})

export function createSubscriptionStats({ platform, redis, keys }: SubscriptionStatsDeps): SubscriptionStatsReader {
  const health = createDeliveryHealthStore({ redis, keys })

  async function hourOf(subscription: string): Promise<HourCounts> {
    const nowMs = Date.now()
    const pipeline = redis.pipeline()
    for (const slot of countsSlots(nowMs)) pipeline.hgetall(keys.deliveryCounts(subscription, String(slot)))
    const hashes = allSucceeded(await pipeline.exec()).filter((hash) => typeof hash === 'object' && hash !== null)
    return sumCounts(hashes as Array<Record<string, string>>, nowMs)
  }

  async function reasonsIn(queue: string): Promise<Record<string, number>> {
    const counts = new Map<string, number>()
    for (let first = 0; first < MAX_DEAD; first += DEAD_AT_ONCE) {
      const asked = { prefix: queueKey(queue, ''), first, last: first + DEAD_AT_ONCE - 1 }
      const reasons = await reasonsOfDead(redis, { dead: queueKey(queue, 'failed'), ...asked })
      if (!Array.isArray(reasons)) break
      for (const reason of reasons.map(String)) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      if (reasons.length < DEAD_AT_ONCE) break
    }
    return Object.fromEntries([...counts].toSorted(([, left], [, right]) => right - left).slice(0, MAX_REASONS))
  }

  return {
    read: (subscription) =>
      guardStore(async () => {
        const queue = deliveriesQueue(platform, subscription)
        const [hour, state, places, deadLettersByReason] = await Promise.all([
          hourOf(subscription),
          health.read(subscription),
          readQueuePlaces(redis, queue),
          reasonsIn(queue),
        ])
        return { ...hour, ...state, ...places, deadLettersByReason }
      }),
  }
}
