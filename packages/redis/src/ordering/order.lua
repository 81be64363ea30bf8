-- What all scripts on the order of a subscription's deliveries have.
-- A place is the time in microseconds, and never the same twice: members sort as texts.
-- NEED order      sorted set of `key place id`, all scores 0
-- NEED places     by id its member, by `clock id` how long it has held its key, by '' the last place
-- NEED failed     the queue's failed jobs
-- NEED delayed    the queue's delayed jobs
-- NEED prefix     of the queue's keys
-- NEED waitsFrom  score in `delayed` from which on a job waits for others

local time = redis.call('TIME')
local nowUs = time[1] * 1000000 + time[2]
-- Longer than from a delivery's joining to its job, also when the worker was killed in between (16 s).
local NEW_US = 30000000

local function remove(member, id)
  redis.call('ZREM', order, member)
  redis.call('HDEL', places, id, 'clock ' .. id)
  if redis.call('ZCARD', order) == 0 then redis.call('DEL', places) end
end

-- The id of the first of a key ('' = none), and whether its job waits for others. Removes those before it whose job
-- has failed,
-- or is gone, unless they joined a moment ago.
local function first(key)
  while true do
    local member = redis.call('ZRANGEBYLEX', order, '[' .. key .. ' ', '(' .. key .. '!', 'LIMIT', 0, 1)[1]
    if not member then return '', false end
    local place, id = string.match(member, '^%S+ (%d+) (.+)$')
    local isGone = redis.call('EXISTS', prefix .. id) == 0 and nowUs - tonumber(place) > NEW_US
    if not isGone and not redis.call('ZSCORE', failed, id) then
      return id, tonumber(redis.call('ZSCORE', delayed, id) or 0) > tonumber(waitsFrom)
    end
    remove(member, id)
  end
end

local function join(key, id)
  local known = redis.call('HGET', places, id)
  if known and string.sub(known, 1, #key + 1) == key .. ' ' then return end
  -- What the subscription orders by has changed.
  if known then remove(known, id) end
  local place = math.max(nowUs, tonumber(redis.call('HGET', places, '') or 0) + 1)
  local member = string.format('%s %016.0f %s', key, place, id)
  redis.call('HSET', places, '', string.format('%.0f', place), id, member)
  redis.call('ZADD', order, 0, member)
end
