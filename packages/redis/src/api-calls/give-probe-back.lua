-- Returns an unused probe: the next caller gets it.
-- KEY brakes  hash of the subject: `b:path` WeChat's answer, `p:path` time of the next probe
-- ARG path
-- RETURN nothing
-- COST O(1)

if redis.call('HEXISTS', brakes, 'b:' .. path) == 1 then redis.call('HSET', brakes, 'p:' .. path, '0') end
