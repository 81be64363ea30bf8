-- Releases a process' lease of a replay, unless another process has it.
-- KEY replay     its record
-- ARG owner      the process
-- RETURN 1
-- COST O(1)

if redis.call('HGET', replay, 'owner') == owner then redis.call('HDEL', replay, 'owner', 'ownedUntilMs') end
return 1
