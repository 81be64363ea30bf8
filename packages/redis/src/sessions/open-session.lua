-- Stores the time of the first view of a session's page.
-- KEY record  hash of the session
-- RETURN 1 = it is the first view, nowMs, and all fields of the session; false = there is no such session
-- INCLUDE lua/now
-- COST O(fields)

if redis.call('EXISTS', record) == 0 then return false end
local isFirst = redis.call('HSETNX', record, 'openedAtMs', text(now))
return { text(isFirst), text(now), unpack(redis.call('HGETALL', record)) }
