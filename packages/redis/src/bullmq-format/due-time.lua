-- Reads when a queue has work, without fetching a job: a waiting job, a job whose delay is over, or a job whose lock is
-- no longer renewed.
-- KEY wait
-- KEY prioritized
-- KEY delayed
-- KEY active
-- KEY meta
-- ARG prefix       of the queue's keys
-- ARG nowMs
-- ARG renewedMs    shortest remaining life of a lock that is renewed
-- RETURN ms until there is work; -1 = none
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
