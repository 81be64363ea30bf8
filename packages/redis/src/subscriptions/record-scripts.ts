// Owns: the scripts that change and read the records of subscriptions. Every change counts the version up and is noted under it, so
// that a process that knows an earlier version reads what changed and nothing else.
import { script } from '../script.ts'

/** Noted at most; whoever is further behind reads everything. */
const MAX_CHANGES = 1_000

/**
 * Changes a record only if nobody else did since it was read. Each subscription has a place among those that its creator may
 * have: taken with the record's first version, freed with its end.
 * KEYS: subscriptions, version, changes, creators, announcements
 * ARGV: name, record as read or '', record to write or '' to remove, 'take' | 'free' | 'keep', creator, its places, id of what is to be
 *       announced with the change ('' = nothing), its text
 * -> 1 changed, 0 somebody else was first, -1 the creator has no place left
 */
export const changeRecord = script(`
local known = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if known ~= ARGV[2] then return 0 end
if ARGV[4] == 'take' then
  local taken, creators = 0, redis.call('HGETALL', KEYS[4])
  for index = 1, #creators, 2 do
    if creators[index + 1] == ARGV[5] then
      -- Left behind by a process that knows nothing of creators.
      if redis.call('HEXISTS', KEYS[1], creators[index]) == 0 then redis.call('HDEL', KEYS[4], creators[index]) else taken = taken + 1 end
    end
  end
  if taken >= tonumber(ARGV[6]) then return -1 end
  redis.call('HSET', KEYS[4], ARGV[1], ARGV[5])
elseif ARGV[4] == 'free' then
  redis.call('HDEL', KEYS[4], ARGV[1])
end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
if ARGV[7] ~= '' then redis.call('HSET', KEYS[5], ARGV[7], ARGV[8]) end
local version = redis.call('INCR', KEYS[2])
-- What a process changed that notes nothing here is not known.
if tonumber(redis.call('ZSCORE', KEYS[3], '') or '-1') ~= version - 1 then
  redis.call('DEL', KEYS[3])
  redis.call('ZADD', KEYS[3], version - 1, '*')
end
redis.call('ZADD', KEYS[3], version, '', version, ARGV[1])
if redis.call('ZCARD', KEYS[3]) > ${MAX_CHANGES} + 2 then
  -- Behind '*', which has the least score.
  local oldest, at = unpack(redis.call('ZRANGE', KEYS[3], 1, 1, 'WITHSCORES'))
  redis.call('ZREM', KEYS[3], oldest)
  redis.call('ZADD', KEYS[3], at, '*')
end
return 1
`)

/**
 * What changed after a version.
 * KEYS: subscriptions, version, changes
 * ARGV: version
 * -> version, then name, record or '' when it is gone, name, record, …; false when it is not known what changed
 */
export const readChanges = script(`
local version = redis.call('GET', KEYS[2]) or '0'
local from, upTo = redis.call('ZSCORE', KEYS[3], '*'), redis.call('ZSCORE', KEYS[3], '')
local since = tonumber(ARGV[1])
if not from or tonumber(from) > since or since > tonumber(version) or tonumber(upTo) ~= tonumber(version) then return false end
local answer = {version}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. ARGV[1], '+inf')) do
  if name ~= '' then
    answer[#answer + 1] = name
    answer[#answer + 1] = redis.call('HGET', KEYS[1], name) or ''
  end
end
return answer
`)
