// Owns: which subjects are due for a refresh. Every worker asks; Redis' clock and its single thread share the work out.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { runScript, script } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import { parseAnswer } from './snapshot.ts'

/**
 * Takes what is due, the most overdue first, and puts it off by the retry time, so that nobody else takes it meanwhile
 * and a refresh that fails, or whose worker dies, comes again. Cost: what is due, not what is stored.
 * KEYS: due
 * ARGV: limit, retry in ms
 * -> subjects
 */
const takeDue = script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local subjects = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
for _, subject in ipairs(subjects) do
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), subject)
end
return subjects
`)

export type RefreshSchedule = {
  takeDue(limit: number, retryMs: number): Promise<string[]>
  /** Nothing to refresh here any more. */
  forget(subject: string): Promise<void>
}

export function createRefreshSchedule({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): RefreshSchedule {
  return {
    takeDue: (limit, retryMs) =>
      guardStore(async () => parseAnswer(await runScript(redis, takeDue, { keys: [keys.due], args: [limit, retryMs] }))),
    forget: (subject) =>
      guardStore(async () => {
        await redis.zrem(keys.due, subject)
      }),
  }
}
