// Owns: the scripts of the refresh schedule: taking what is due, waiting and going on again, the daily audit.
import { NOW_LUA } from '../now-script.ts'
import { script } from '../script.ts'

/** While the day's quota is used up, only tokens with less life left than this are worth a call. */
const URGENT_MS = 600_000
/** How many of the due are looked at, to find those that expire first. */
const CANDIDATES = 500
/** A bound for one script: what is not looked at now is looked at on the next tick. */
const MAX_LOOKS = 10

/**
 * Cost: what is due, not what is stored. The authorizers' hashes are named by their prefix: they share the hash tag.
 * KEYS: due, pause, prefix of the authorizers' hashes
 * ARGV: limit, retry in ms, seed, the component's subject
 * -> {reason of the pause or '', …subjects}
 */
export const takeDue = script(`${NOW_LUA}
local limit, retryMs = tonumber(ARGV[1]), tonumber(ARGV[2])
math.randomseed(tonumber(ARGV[3]))
local pause = redis.call('HMGET', KEYS[2], 'reason', 'untilMs', 'probeEveryMs')
local reason = pause[1] or ''
local urgentOnly = reason == 'quota-day'
if reason ~= '' and not urgentOnly then
  if now < tonumber(pause[2]) then return { reason } end
  limit = 1
end
local function expiresAt(subject)
  -- Nothing works without the component's token.
  if subject == ARGV[4] then return 0 end
  return tonumber(redis.call('HGET', KEYS[3] .. subject, 'expiresAtMs') or '0')
end
local found = {}
for look = 1, ${MAX_LOOKS} do
  local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now), 'LIMIT', 0, ${CANDIDATES})
  local putOff = 0
  found = {}
  for _, subject in ipairs(due) do
    -- As many as may be taken: their order does not matter.
    local at = (#due <= limit and not urgentOnly) and 0 or expiresAt(subject)
    if urgentOnly and at - now > ${URGENT_MS} then
      redis.call('ZADD', KEYS[1], text(at - ${URGENT_MS} + math.random() * 60000), subject)
      putOff = putOff + 1
    else
      found[#found + 1] = { subject, at }
    end
  end
  if #found >= limit or putOff == 0 or #due < ${CANDIDATES} then break end
end
table.sort(found, function(left, right) return left[2] < right[2] end)
local taken = { reason }
for index = 1, math.min(limit, #found) do
  local subject = found[index][1]
  redis.call('ZADD', KEYS[1], text(now + retryMs * (1 + math.random() * 0.5)), subject)
  taken[#taken + 1] = subject
end
-- Whoever takes the probe; the next one comes a while later.
if limit == 1 and #taken > 1 and reason ~= '' and not urgentOnly then
  redis.call('HSET', KEYS[2], 'untilMs', text(now + tonumber(pause[3])))
  redis.call('PEXPIRE', KEYS[2], tonumber(pause[3]) + 600000)
end
return taken
`)

/**
 * KEYS: pause
 * ARGV: reason, probe every ms (0 for the quotas), seed, address that WeChat refused or ''
 * -> 1 it is new, 0 known already
 */
export const pauseSchedule = script(`${NOW_LUA}
math.randomseed(tonumber(ARGV[3]))
local known = redis.call('HGET', KEYS[1], 'reason')
if known == ARGV[1] then return 0 end
-- The day's quota does not come back with the next minute.
if known == 'quota-day' and ARGV[1] == 'quota-minute' then return 0 end
local waitMs, keptMs = tonumber(ARGV[2]), tonumber(ARGV[2]) + 600000
if ARGV[1] == 'quota-minute' then
  waitMs = 60000 - now % 60000 + math.floor(math.random() * 5000)
  keptMs = waitMs
elseif ARGV[1] == 'quota-day' then
  waitMs = 86400000 - (now + 8 * 3600000) % 86400000 + math.floor(math.random() * 600000)
  keptMs = waitMs
end
redis.call('HSET', KEYS[1], 'reason', ARGV[1], 'untilMs', text(now + waitMs), 'probeEveryMs', ARGV[2], 'address', ARGV[4])
redis.call('PEXPIRE', KEYS[1], keptMs)
return 1
`)

/**
 * KEYS: pause
 * ARGV: reason
 * -> 1 it ended now
 */
export const resumeSchedule = script(`
if redis.call('HGET', KEYS[1], 'reason') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
`)

/**
 * KEYS: next audit
 * ARGV: seed
 * -> 1 it is due, for whoever asked
 */
export const auditDue = script(`${NOW_LUA}
math.randomseed(tonumber(ARGV[1]))
local next = redis.call('GET', KEYS[1])
if not next then
  -- Installations that were started together do not ask WeChat together.
  redis.call('SET', KEYS[1], text(now + 3600000 + math.random() * 82800000))
  return 0
end
if now < tonumber(next) then return 0 end
redis.call('SET', KEYS[1], text(now + 86400000))
return 1
`)
