// Owns: how many deliveries of a subscription begin in each second of Redis' clock, over all workers.
import type { RedisConnection } from '../connect.ts'
import { throttleKey } from '../keys.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'

export type Throttle = {
  /**
   * 0: the delivery may begin, and is counted. Otherwise the milliseconds until the next second, in which to ask again. `isUrgent`: it begins
   * in any case. Rejects with STORE_UNAVAILABLE.
   */
  take(subscription: string, asked: { perSecond: number; isUrgent: boolean }): Promise<number>
}

/**
 * KEYS: counter
 * ARGV: most in a second, '1' = begins in any case
 * -> ms to wait
 */
const takePlace = script(`
local time = redis.call('TIME')
local known = redis.call('HMGET', KEYS[1], 'second', 'taken')
local taken = known[1] == time[1] and tonumber(known[2]) or 0
if taken >= tonumber(ARGV[1]) and ARGV[2] ~= '1' then return 1000 - math.floor(time[2] / 1000) end
redis.call('HSET', KEYS[1], 'second', time[1], 'taken', taken + 1)
redis.call('PEXPIRE', KEYS[1], 2000)
return 0
`)

export function createThrottle({ platform, redis }: { platform: string; redis: RedisConnection }): Throttle {
  return {
    take: (subscription, { perSecond, isUrgent }) =>
      guardStore(async () => {
        const keys = [throttleKey(platform, subscription)]
        return Number(await runScript(redis, takePlace, { keys, args: [perSecond, isUrgent ? '1' : ''] }))
      }),
  }
}
