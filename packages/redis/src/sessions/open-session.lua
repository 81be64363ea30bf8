-- Notes the first view of a session's page.
-- KEY record  hash of the session
-- RETURN 1 = by this call, nowMs, and all fields of the session; false = there is none
-- INCLUDE lua/now
-- COST O(fields)

if redis.call('EXISTS', record) == 0 then return false end
local isFirst = redis.call('HSETNX', record, 'openedAtMs', text(now))
return { text(isFirst), text(now), unpack(redis.call('HGETALL', record)) }
