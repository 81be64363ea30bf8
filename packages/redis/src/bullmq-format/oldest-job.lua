-- Finds when the oldest of these was added: the next jobs to run, and the first and last retries. Also finds since
-- when a worker could fetch the first one.
-- KEY wait
-- KEY delayed
-- KEY prioritized
-- ARG prefix       of jobs
-- RETURN {ms of the oldest, ms of the first}; a retry that is not due yet counts with the time when it is; -1 = none
-- COST O(1): at most 502 jobs

local call = redis.call
local function earlier(one, other)
  if one < 0 or (other >= 0 and other < one) then return other end
  return one
end
local function oldest(ids)
  local found = -1
  for _, id in ipairs(ids) do
    found = earlier(found, tonumber(call('HGET', prefix .. id, 'timestamp') or -1))
  end
  return found
end
local waiting = earlier(oldest(call('LRANGE', wait, -1, -1)), oldest(call('ZRANGE', prioritized, 0, 0)))
local retries = earlier(oldest(call('ZRANGE', delayed, 0, 249)), oldest(call('ZRANGE', delayed, -250, -1)))
local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
local due = first and math.floor(first / 0x1000) or -1
return { tostring(earlier(waiting, retries)), tostring(earlier(waiting, due)) }
