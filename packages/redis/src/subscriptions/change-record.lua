-- Changes a record if it is still the one that was read. A subscription counts for its creator from its creation to its
-- deletion. The name is stored under the new version, so that a process with an earlier version reads only what
-- changed.
-- KEY subscriptions   hash of records
-- KEY version         counts changes
-- KEY changes         sorted set of names by version; '' = the newest, '*' = the oldest that it covers
-- KEY creators        hash of creators by subscription
-- KEY announcements   hash
-- ARG name
-- ARG before          record as read, or ''
-- ARG after           record to write, '' = remove it
-- ARG counting        'begin' = count it for the creator, 'end' = stop counting it, 'keep'
-- ARG creator
-- ARG limit           of subscriptions that count for the creator
-- ARG announcementId  of an announcement that is stored with the change, '' = none
-- ARG announcement
-- RETURN 1 = changed; 0 = another process changed it; -1 = the creator's limit is reached
-- COST O(creators) for a new one, else O(log(changes))

-- A process that is further behind reads all records.
local MAX_CHANGES = 1000
local known = redis.call('HGET', subscriptions, name) or ''
if known ~= before then return 0 end
if counting == 'begin' then
  local count, known = 0, redis.call('HGETALL', creators)
  for index = 1, #known, 2 do
    if known[index + 1] == creator then
      -- A process of an earlier version deletes a subscription without its creator.
      if redis.call('HEXISTS', subscriptions, known[index]) == 1 then count = count + 1
      else redis.call('HDEL', creators, known[index]) end
    end
  end
  if count >= tonumber(limit) then return -1 end
  redis.call('HSET', creators, name, creator)
elseif counting == 'end' then
  redis.call('HDEL', creators, name)
end
if after == '' then redis.call('HDEL', subscriptions, name) else redis.call('HSET', subscriptions, name, after) end
if announcementId ~= '' then redis.call('HSET', announcements, announcementId, announcement) end
local changed = redis.call('INCR', version)
-- A process of an earlier version does not add to `changes`, so a gap in the versions makes the earlier ones unknown.
if tonumber(redis.call('ZSCORE', changes, '') or '-1') ~= changed - 1 then
  redis.call('DEL', changes)
  redis.call('ZADD', changes, changed - 1, '*')
end
redis.call('ZADD', changes, changed, '', changed, name)
if redis.call('ZCARD', changes) > MAX_CHANGES + 2 then
  -- The oldest name follows '*', which has the lowest score.
  local oldest, at = unpack(redis.call('ZRANGE', changes, 1, 1, 'WITHSCORES'))
  redis.call('ZREM', changes, oldest)
  redis.call('ZADD', changes, at, '*')
end
return 1
