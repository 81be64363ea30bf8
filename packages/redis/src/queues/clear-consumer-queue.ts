// Owns: removing a consumer's queue. The consumer may have written anything into it, so nothing that stands there is followed: each key
// that is removed begins with the queue's own prefix, whatever a job says of parents, and whatever type a key has.
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { runScript, script } from '../script.ts'

/** Lists and sorted sets of job ids. */
const JOB_LISTS = ['wait', 'active', 'paused', 'delayed', 'prioritized', 'completed', 'failed', 'waiting-children']
const OTHERS = ['id', 'meta', 'marker', 'events', 'stalled', 'stalled-check', 'limiter', 'pc', 'repeat', 'metrics:completed', 'metrics:failed']
/** In one step; Redis serves nobody else meanwhile. */
const BATCH = 500
/** So many that no queue has more jobs; one that is refilled while it is cleared does not keep us. */
const MOST_BATCHES = 20_000

/**
 * Removes the first jobs of a list, and the list when it is none.
 * KEYS: list or sorted set
 * ARGV: the prefix of the queue's keys, how many
 * -> 1 when there may be more
 */
const removeJobs = script(`
local call = redis.call
local prefix, last = ARGV[1], ARGV[2] - 1
local kind = call('TYPE', KEYS[1]).ok
local ids
if kind == 'list' then ids = call('LRANGE', KEYS[1], 0, last)
elseif kind == 'zset' then ids = call('ZRANGE', KEYS[1], 0, last)
else
  call('UNLINK', KEYS[1])
  return 0
end
for _, id in ipairs(ids) do
  local key = prefix .. id
  if call('TYPE', key).ok == 'hash' then
    local deduplication = call('HGET', key, 'deid')
    if deduplication then call('UNLINK', prefix .. 'de:' .. deduplication, prefix .. 'dn:' .. deduplication) end
  end
  call('UNLINK', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
end
if #ids <= last then
  call('UNLINK', KEYS[1])
  return 0
end
if kind == 'list' then call('LTRIM', KEYS[1], last + 1, -1) else call('ZREMRANGEBYRANK', KEYS[1], 0, last) end
return 1
`)

/** Safe to repeat. What no list of the queue names any more is left. */
export async function clearConsumerQueue(redis: RedisConnection, queue: string): Promise<void> {
  const prefix = queueKey(queue, '')
  for (const list of JOB_LISTS) {
    const step = () => runScript(redis, removeJobs, { keys: [prefix + list], args: [prefix, BATCH] })
    for (let batch = 0; batch < MOST_BATCHES && (await step()) === 1; ) batch += 1
  }
  await redis.unlink(OTHERS.map((name) => prefix + name))
}
