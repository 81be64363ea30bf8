-- The order of a subscription's deliveries: what all its scripts share.
-- A place is the time in microseconds, and never the same twice: members sort as texts.
-- NEED order      sorted set of `key place id`, all scores 0
-- NEED places     by id its member, by `clock id` how long it has held its key, by '' the last place
-- INCLUDE bullmq-format/job-states

local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
-- A delivery gets its job within this time after its place, also when the worker was killed in between (16 s).
local NEW_US = 30000000

local function remove(member, id)
  redis.call('ZREM', order, member)
  redis.call('HDEL', places, id, 'clock ' .. id)
  if redis.call('ZCARD', order) == 0 then redis.call('DEL', places) end
end

-- Returns the id of the first delivery of a key ('' = none). Removes those before it whose job has failed, or is gone
-- since they joined more than 30 s ago.
local function first(key)
  while true do
    local member = redis.call('ZRANGEBYLEX', order, '[' .. key .. ' ', '(' .. key .. '!', 'LIMIT', 0, 1)[1]
    if not member then return '' end
    local place, id = string.match(member, '^%S+ (%d+) (.+)$')
    local isGone = nowUs - tonumber(place) > NEW_US and not hasJob(id)
    if not isGone and not hasFailed(id) then return id end
    remove(member, id)
  end
end

-- Returns the id of the first delivery of a key when its job is parked; else ''.
local function parkedFirst(key)
  local id = first(key)
  return id ~= '' and isParked(id) and id or ''
end

-- Appends a delivery to the order of its key. One that has a place keeps it, unless its key has changed.
local function join(key, id)
  local known = redis.call('HGET', places, id)
  if known and string.sub(known, 1, #key + 1) == key .. ' ' then return end
  if known then remove(known, id) end
  local place = math.max(nowUs, tonumber(redis.call('HGET', places, '') or 0) + 1)
  local member = string.format('%s %016.0f %s', key, place, id)
  redis.call('HSET', places, '', string.format('%.0f', place), id, member)
  redis.call('ZADD', order, 0, member)
end
