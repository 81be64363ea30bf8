-- Finds out whether a queue has work, without taking any: a job that waits, one whose delay is over, one whose lock its
-- worker no longer renews.
-- KEY wait
-- KEY prioritized
-- KEY delayed
-- KEY active
-- KEY meta
-- ARG prefix       of the queue's keys
-- ARG nowMs
-- ARG renewedMs    that a renewed lock has left at least
-- RETURN ms until there is work; -1 = there is none
-- COST O(active jobs)

local call = redis.call

local function hasLostJob()
  for _, id in ipairs(call('LRANGE', active, 0, -1)) do
    if call('PTTL', prefix .. id .. ':lock') < tonumber(renewedMs) then return true end
  end
  return false
end

local dueInMs = -1
local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2]
if first then dueInMs = math.max(math.floor(first / 0x1000) - nowMs, 0) end
if call('LLEN', wait) > 0 or call('ZCARD', prioritized) > 0 or hasLostJob() then dueInMs = 0 end
if dueInMs >= 0 and call('HEXISTS', meta, 'paused') == 1 then return -1 end
return dueInMs
