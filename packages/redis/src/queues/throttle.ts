// Owns: the rate limit of a subscription: how many deliveries begin in each second of Redis' clock, over all workers.
import type { RedisConnection } from '../connect.ts'
import { throttleKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

export type Throttle = {
  /**
   * 0: the delivery may begin, and is counted. Otherwise the milliseconds until the next second, to try again.
   * `isUrgent`: it begins in any case. Rejects with STORE_UNAVAILABLE.
   */
  take(subscription: string, asked: { perSecond: number; isUrgent: boolean }): Promise<number>
}

const takeSlot = defineScript({ name: 'queues/take-slot', keys: ['counter'], args: ['perSecond', 'isUrgent'] })

export function createThrottle({ platform, redis }: { platform: string; redis: RedisConnection }): Throttle {
  return {
    take: (subscription, { perSecond, isUrgent }) =>
      guardStore(async () => {
        const counter = throttleKey(platform, subscription)
        return Number(await takeSlot(redis, { counter, perSecond, isUrgent: isUrgent ? '1' : '' }))
      }),
  }
}
