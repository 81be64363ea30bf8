-- Cancels an open session.
-- KEY record  hash of the session
-- RETURN 'cancelled'; 'refused', 'completed' = it has ended; 'unknown'
-- INCLUDE lua/now
-- COST O(1)

local status = redis.call('HGET', record, 'status')
if not status then return 'unknown' end
if status ~= 'open' then return status end
redis.call('HSET', record, 'status', 'cancelled', 'endedAtMs', text(now))
return 'cancelled'
