-- Brakes one path until midnight in Shanghai, when WeChat resets its quotas.
-- KEY brakes        hash of the subject: `b:path` WeChat's answer, `p:path` time of the next probe
-- ARG path
-- ARG answer
-- ARG probeEveryMs
-- ARG maxPaths
-- RETURN nothing
-- INCLUDE lua/now
-- COST O(1)

local field = 'b:' .. path
if redis.call('HEXISTS', brakes, field) == 0 and redis.call('HLEN', brakes) >= 2 * maxPaths then return end
redis.call('HSET', brakes, field, answer, 'p:' .. path, text(now + probeEveryMs))
local day, offset = 86400000, 28800000
redis.call('PEXPIREAT', brakes, text((math.floor((now + offset) / day) + 1) * day - offset))
