-- Lets the next caller make the probe that was not made.
-- KEY brakes  hash of the subject: `b:path` what WeChat answered, `p:path` when the next probe may be made
-- ARG path
-- RETURN nothing
-- COST O(1)

if redis.call('HEXISTS', brakes, 'b:' .. path) == 1 then redis.call('HSET', brakes, 'p:' .. path, '0') end
