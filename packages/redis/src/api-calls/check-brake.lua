-- Reads the brake of one path. One caller in each interval makes a probe.
-- KEY brakes        hash of the subject: `b:path` WeChat's answer, `p:path` time of the next probe
-- ARG path
-- ARG probeEveryMs
-- RETURN {}; {answer}; {answer, '1'} = the call is a probe
-- INCLUDE lua/now
-- COST O(1)

local brake = redis.call('HMGET', brakes, 'b:' .. path, 'p:' .. path)
if not brake[1] then return {} end
if now < tonumber(brake[2]) then return { brake[1] } end
redis.call('HSET', brakes, 'p:' .. path, text(now + probeEveryMs))
return { brake[1], '1' }
