// Owns: what stands in Redis about one subscription, as `GET …/stats` answers it. Reading costs the same however much waits.
import type { RedisConnection } from '../connect.ts'
import { deliveriesQueue, type PlatformKeys, queueKey } from '../keys.ts'
import { runScript, script } from '../script.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { countsSlots, type HourCounts, sumCounts } from './delivery-counts.ts'
import { createDeliveryHealthStore, type StoredHealth } from './delivery-health.ts'

export type SubscriptionStats = HourCounts &
  StoredHealth & {
    waiting: number
    /** Of those that are due next, and of retries that wait longest. null: none waits. */
    oldestWaitingMs: number | null
    inFlight: number
    deadLetters: number
    /** Of the newest 5,000; the 20 most frequent. */
    deadLettersByReason: Record<string, number>
  }

export type SubscriptionStatsReader = { read(subscription: string): Promise<SubscriptionStats> }

export type SubscriptionStatsDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys }

const MOST_REASONS = 20
const MOST_DEAD = 5_000
const DEAD_AT_ONCE = 250

/**
 * KEYS: wait, delayed, prioritized
 * ARGV: prefix of jobs
 * -> when the oldest of these jobs was added, in ms; -1 = there is none
 */
const oldestJob = script(`
local call = redis.call
local oldest = -1
local function look(ids)
  for _, id in ipairs(ids) do
    local added = tonumber(call('HGET', ARGV[1] .. id, 'timestamp') or nil)
    if added and (oldest < 0 or added < oldest) then oldest = added end
  end
end
look(call('LRANGE', KEYS[1], -1, -1))
look(call('ZRANGE', KEYS[2], 0, 249))
look(call('ZRANGE', KEYS[2], -250, -1))
look(call('ZRANGE', KEYS[3], 0, 0))
return tostring(oldest)
`)

/**
 * KEYS: dead letters
 * ARGV: prefix of jobs, first, last
 * -> why each of these is dead, newest first
 */
const reasonsOfDead = script(`
local reasons = {}
for index, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[2], ARGV[3])) do
  reasons[index] = redis.call('HGET', ARGV[1] .. id, 'failedReason') or 'unknown'
end
return reasons
`)

export function createSubscriptionStats({ platform, redis, keys }: SubscriptionStatsDeps): SubscriptionStatsReader {
  const health = createDeliveryHealthStore({ redis, keys })

  async function hourOf(subscription: string): Promise<HourCounts> {
    const nowMs = Date.now()
    const pipeline = redis.pipeline()
    for (const slot of countsSlots(nowMs)) pipeline.hgetall(keys.deliveryCounts(subscription, String(slot)))
    const hashes = allSucceeded(await pipeline.exec()).filter((hash) => typeof hash === 'object' && hash !== null)
    return sumCounts(hashes as Array<Record<string, string>>, nowMs)
  }

  async function queueOf(queue: string) {
    const key = (what: string) => queueKey(queue, what)
    const pipeline = redis.pipeline().llen(key('wait')).zcard(key('delayed')).zcard(key('prioritized')).llen(key('active')).zcard(key('failed'))
    const oldest = { keys: [key('wait'), key('delayed'), key('prioritized')], args: [key('')] }
    const [counts, addedAtMs] = await Promise.all([pipeline.exec(), runScript(redis, oldestJob, oldest)])
    const [wait = 0, delayed = 0, prioritized = 0, inFlight = 0, deadLetters = 0] = allSucceeded(counts).map(Number)
    const waiting = wait + delayed + prioritized
    const isNone = waiting === 0 || Number(addedAtMs) < 0
    return { waiting, inFlight, deadLetters, oldestWaitingMs: isNone ? null : Math.max(Date.now() - Number(addedAtMs), 0) }
  }

  async function reasonsIn(queue: string): Promise<Record<string, number>> {
    const counts = new Map<string, number>()
    for (let first = 0; first < MOST_DEAD; first += DEAD_AT_ONCE) {
      const asked = { keys: [queueKey(queue, 'failed')], args: [queueKey(queue, ''), first, first + DEAD_AT_ONCE - 1] }
      const reasons = await runScript(redis, reasonsOfDead, asked)
      if (!Array.isArray(reasons)) break
      for (const reason of reasons.map(String)) counts.set(reason, (counts.get(reason) ?? 0) + 1)
      if (reasons.length < DEAD_AT_ONCE) break
    }
    return Object.fromEntries([...counts].toSorted(([, left], [, right]) => right - left).slice(0, MOST_REASONS))
  }

  return {
    read: (subscription) =>
      guardStore(async () => {
        const queue = deliveriesQueue(platform, subscription)
        const [hour, state, places, deadLettersByReason] = await Promise.all([
          hourOf(subscription),
          health.read(subscription),
          queueOf(queue),
          reasonsIn(queue),
        ])
        return { ...hour, ...state, ...places, deadLettersByReason }
      }),
  }
}
