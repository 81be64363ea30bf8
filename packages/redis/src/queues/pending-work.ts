// Owns: seeing, without taking anything, whether a queue has work for a worker. The one place outside BullMQ's scripts
// and ours that reads a queue's lists.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { runScript, script } from '../script.ts'
import { LOCK_MS } from './queue-worker.ts'

/**
 * In how many milliseconds there is work in this queue: 0 = now, undefined = there is none to be seen. Work is a job
 * that waits, one whose delay is over, and one whose lock its worker no longer renews: BullMQ notices it in two checks,
 * five seconds apart, so that the first is to be made before the lock ends. A paused queue has none.
 */
export type PendingWork = (queue: string) => Promise<number | undefined>

/** Locks are renewed when half of their time is over (queue-worker.ts); a second for those that are late. */
const RENEWED_LOCK_MS = LOCK_MS / 2 - 1_000

/**
 * KEYS: wait, prioritized, delayed, active, meta
 * ARGV: the prefix of the queue's keys, now in ms, what a renewed lock has left at least, in ms
 * -> ms until there is work; -1 = there is none
 */
const lookForWork = script(`
local call = redis.call
local wait, prioritized, delayed, active, meta = unpack(KEYS)

local function hasLostJob()
  for _, id in ipairs(call('LRANGE', active, 0, -1)) do
    if call('PTTL', ARGV[1] .. id .. ':lock') < tonumber(ARGV[3]) then return true end
  end
  return false
end

local dueInMs = -1
local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
if first then dueInMs = math.max(math.floor(first / 0x1000) - ARGV[2], 0) end
if call('LLEN', wait) > 0 or call('ZCARD', prioritized) > 0 or hasLostJob() then dueInMs = 0 end
if dueInMs >= 0 and call('HEXISTS', meta, 'paused') == 1 then return -1 end
return dueInMs
`)

/** Rejects as a command that Redis does not answer. Changes nothing. */
export function createPendingWork(redis: RedisConnection): PendingWork {
  return async (queue) => {
    const prefix = queueKey(queue, '')
    const keys = ['wait', 'prioritized', 'delayed', 'active', 'meta'].map((name) => prefix + name)
    const dueInMs = Number(await runScript(redis, lookForWork, { keys, args: [prefix, Date.now(), RENEWED_LOCK_MS] }))
    return dueInMs < 0 ? undefined : dueInMs
  }
}
