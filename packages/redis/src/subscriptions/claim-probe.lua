-- Claims the attempt of a half-open breaker.
-- KEY health      hash of the subscription
-- KEY failing     sorted set of subscriptions whose breaker is not closed
-- ARG opensAfter  failures
-- ARG leaseMs     longest time of the attempt
-- ARG name        of the subscription
-- RETURN -1 = the breaker is closed, 0 = claimed, else ms to wait
-- INCLUDE lua/now
-- INCLUDE subscriptions/breaker
-- COST O(log(failing subscriptions))

local call = redis.call
local known = call('HMGET', health, 'opening', 'pauseUntilMs', 'probeUntilMs')
local failures = tonumber(known[1] or 0)
if failures < tonumber(opensAfter) then
  call('ZREM', failing, name)
  return -1
end
local paused, probing = tonumber(known[2] or 0) - now, tonumber(known[3] or 0) - now
if paused > 0 then return paused end
if probing > 0 then return math.min(probing, pauseAfter(failures)) end
call('HSET', health, 'probeUntilMs', now + leaseMs)
return 0
