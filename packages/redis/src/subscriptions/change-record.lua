-- Changes a record only if nobody else did since it was read. Each subscription takes one of the places that its
-- creator has: from the record's first version to its end. The changes are noted under the version: a process that
-- knows an earlier version reads what changed and nothing else.
-- KEY subscriptions   hash of records
-- KEY version         counts changes
-- KEY changes         sorted set of names by version; '' = up to it, '*' = from it on
-- KEY creators        hash of creators by subscription
-- KEY announcements   hash
-- ARG name
-- ARG before          record as read, or ''
-- ARG after           record to write, '' = remove it
-- ARG place           'take', 'free' or 'keep'
-- ARG creator
-- ARG places          of the creator
-- ARG announcementId  of what is announced with the change, '' = nothing
-- ARG announcement
-- RETURN 1 = changed; 0 = somebody else was first; -1 = the creator has no place left
-- COST O(creators) for a new one, else O(log(changes))

-- Noted at most; a process that is further behind reads everything.
local MAX_CHANGES = 1000
local known = redis.call('HGET', subscriptions, name) or ''
if known ~= before then return 0 end
if place == 'take' then
  local taken, known = 0, redis.call('HGETALL', creators)
  for index = 1, #known, 2 do
    if known[index + 1] == creator then
      -- Left behind by a process that knows nothing of creators.
      if redis.call('HEXISTS', subscriptions, known[index]) == 1 then taken = taken + 1
      else redis.call('HDEL', creators, known[index]) end
    end
  end
  if taken >= tonumber(places) then return -1 end
  redis.call('HSET', creators, name, creator)
elseif place == 'free' then
  redis.call('HDEL', creators, name)
end
if after == '' then redis.call('HDEL', subscriptions, name) else redis.call('HSET', subscriptions, name, after) end
if announcementId ~= '' then redis.call('HSET', announcements, announcementId, announcement) end
local changed = redis.call('INCR', version)
-- A process of an earlier version notes nothing here: what it changed is not known.
if tonumber(redis.call('ZSCORE', changes, '') or '-1') ~= changed - 1 then
  redis.call('DEL', changes)
  redis.call('ZADD', changes, changed - 1, '*')
end
redis.call('ZADD', changes, changed, '', changed, name)
if redis.call('ZCARD', changes) > MAX_CHANGES + 2 then
  -- Behind '*', which has the least score.
  local oldest, at = unpack(redis.call('ZRANGE', changes, 1, 1, 'WITHSCORES'))
  redis.call('ZREM', changes, oldest)
  redis.call('ZADD', changes, at, '*')
end
return 1
