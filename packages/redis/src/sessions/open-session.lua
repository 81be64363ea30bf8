-- Notes the first view of a session's page.
-- KEY record  hash of the session
-- RETURN nowMs and all fields of the session, or false = there is none
-- INCLUDE lua/now
-- COST O(fields)

if redis.call('EXISTS', record) == 0 then return false end
redis.call('HSETNX', record, 'openedAtMs', text(now))
return { text(now), unpack(redis.call('HGETALL', record)) }
