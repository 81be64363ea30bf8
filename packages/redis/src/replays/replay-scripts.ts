// Owns: the scripts of replays: each changes one of them in one step. All keys share the platform's hash tag.
import { NOW_LUA } from '../now-script.ts'
import { script } from '../script.ts'

/** Of one platform, paused ones included. */
export const MOST_OPEN = 10
/** Of one subscription, ended ones included. */
export const MOST_KEPT = 20
const KEPT_SECONDS = 7 * 86_400
/** For what is under way when a replay is cancelled. */
const CANCELLED_SECONDS = 60

const END_LUA = `
local function finish(status)
  redis.call('HSET', KEYS[1], 'status', status, 'endedAtMs', text(now))
  redis.call('HDEL', KEYS[1], 'owner', 'ownedUntilMs')
  redis.call('EXPIRE', KEYS[1], ${KEPT_SECONDS})
  redis.call('EXPIRE', KEYS[3], ${KEPT_SECONDS})
  redis.call('ZREM', KEYS[2], member)
  redis.call('UNLINK', KEYS[4])
  redis.call('EXPIRE', KEYS[5], ${CANCELLED_SECONDS})
end
`

/**
 * Begins a replay of what was put into its set of things to do.
 * KEYS: replay, open ones, those of the subscription, what is to be done, what is under way
 * ARGV: subscription, id, createdAtMs, prefix of replays' keys, then field, value …
 * -> {'begun', how many}; {'platform'}, {'subscription'}: as many are open as may be
 */
export const beginReplay = script(`${NOW_LUA}
local member = ARGV[1] .. ' ' .. ARGV[2]
${END_LUA}
local call = redis.call
local open = call('ZRANGE', KEYS[2], 0, -1)
if #open >= ${MOST_OPEN} then return {'platform'} end
for _, other in ipairs(open) do
  if string.sub(other, 1, #ARGV[1] + 1) == ARGV[1] .. ' ' then return {'subscription'} end
end
local matched = call('ZCARD', KEYS[4])
call('PERSIST', KEYS[4])
call('HSET', KEYS[1], 'matched', matched, unpack(ARGV, 5))
call('ZADD', KEYS[2], ARGV[3], member)
call('ZADD', KEYS[3], ARGV[3], ARGV[2])
call('PERSIST', KEYS[3])
local over = call('ZRANGE', KEYS[3], 0, -1 - ${MOST_KEPT})
for _, old in ipairs(over) do
  call('ZREM', KEYS[3], old)
  call('UNLINK', ARGV[4] .. old)
end
if matched == 0 then finish('completed') end
return {'begun', matched}
`)

/**
 * KEYS: replay, open ones, those of the subscription, what is to be done, what is under way
 * ARGV: subscription, id, 'pause', 'resume' or 'cancel'
 * -> 1; 0 = it has ended; -1 = there is none
 */
export const changeReplay = script(`${NOW_LUA}
local member = ARGV[1] .. ' ' .. ARGV[2]
${END_LUA}
local known = redis.call('HMGET', KEYS[1], 'subscription', 'status')
if known[1] ~= ARGV[1] then return -1 end
if known[2] ~= 'running' and known[2] ~= 'paused' then return 0 end
if ARGV[3] == 'cancel' then finish('cancelled')
else redis.call('HSET', KEYS[1], 'status', ARGV[3] == 'pause' and 'paused' or 'running') end
return 1
`)

/**
 * What another process had under way, and died or gave up, is to be done again. One that a failover has lost holds no place.
 * KEYS: replay, what is to be done, what is under way, open ones
 * ARGV: owner, ms for which it is the owner, the replay among the open ones
 * -> 1: it is its; 0: it does not run, or somebody else runs it
 */
export const claimReplay = script(`${NOW_LUA}
local call = redis.call
local known = call('HMGET', KEYS[1], 'status', 'owner', 'ownedUntilMs')
if known[1] ~= 'running' and known[1] ~= 'paused' then call('ZREM', KEYS[4], ARGV[3]) end
if known[1] ~= 'running' then return 0 end
if known[2] and known[2] ~= ARGV[1] and tonumber(known[3]) > now then return 0 end
call('HSET', KEYS[1], 'owner', ARGV[1], 'ownedUntilMs', text(now + ARGV[2]))
local left = call('ZRANGE', KEYS[3], 0, -1, 'WITHSCORES')
for at = 1, #left, 2 do call('ZADD', KEYS[2], left[at + 1], left[at]) end
call('DEL', KEYS[3])
return 1
`)

/**
 * Takes what is due now, by the rate, the oldest first, and ends the replay when nothing is left. What was not
 * taken while it could be is not made up for: after a pause it begins slowly.
 * KEYS: replay, open ones, those of the subscription, what is to be done, what is under way
 * ARGV: subscription, id, owner, ms for which it is the owner, most, most a second
 * -> status, then what is taken; 'lost' = somebody else runs it
 */
export const takeItems = script(`${NOW_LUA}
local member = ARGV[1] .. ' ' .. ARGV[2]
${END_LUA}
local call = redis.call
local known = call('HMGET', KEYS[1], 'status', 'owner', 'takenUntilMs')
if not known[1] then return {'lost'} end
if known[1] ~= 'running' then return {known[1]} end
if known[2] ~= ARGV[3] then return {'lost'} end
call('HSET', KEYS[1], 'ownedUntilMs', text(now + ARGV[4]))
local left = call('ZCARD', KEYS[4])
if left == 0 and call('ZCARD', KEYS[5]) == 0 then
  finish('completed')
  return {'completed'}
end
local gap = 1000 / ARGV[6]
local from = math.max(tonumber(known[3] or 0), now - math.max(gap, 500))
local count = math.min(math.floor((now - from) / gap), tonumber(ARGV[5]), left)
if count < 1 then return {'running'} end
call('HSET', KEYS[1], 'takenUntilMs', string.format('%.3f', from + count * gap))
local answer = {'running'}
local taken = call('ZPOPMIN', KEYS[4], count)
for at = 1, #taken, 2 do
  call('ZADD', KEYS[5], taken[at + 1], taken[at])
  answer[#answer + 1] = taken[at]
end
return answer
`)

/**
 * KEYS: replay, what is to be done, what is under way
 * ARGV: what was taken, 'delivered', 'failed', or 'back' = it is to be done again
 */
export const settleItem = script(`
local call = redis.call
local score = call('ZSCORE', KEYS[3], ARGV[1])
if not score then return 0 end
call('ZREM', KEYS[3], ARGV[1])
local known = call('HGET', KEYS[1], 'status')
if ARGV[2] ~= 'back' then call('HINCRBY', KEYS[1], ARGV[2], 1)
elseif known == 'running' or known == 'paused' then call('ZADD', KEYS[2], score, ARGV[1]) end
return 1
`)

/**
 * KEYS: replay
 * ARGV: owner
 */
export const releaseReplay = script(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner', 'ownedUntilMs') end
return 1
`)
