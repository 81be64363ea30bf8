-- Removes a claimed job, unless the lock was lost.
-- KEY active
-- KEY failed
-- KEY completed
-- KEY lock
-- KEY job
-- KEY logs
-- ARG id
-- ARG token
-- RETURN 1 = removed, else 0
-- COST O(active jobs)

local call = redis.call
if call('GET', lock) ~= token then return 0 end
call('LREM', active, 1, id)
call('ZREM', failed, id)
call('ZREM', completed, id)
call('UNLINK', lock, job, logs)
return 1
