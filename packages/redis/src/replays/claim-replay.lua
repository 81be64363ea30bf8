-- Makes a process the owner of a replay that nobody runs. What an earlier owner had under way, and died or gave up,
-- is to
-- be done again.
-- A replay that a failover has lost holds no place among the open ones.
-- KEY replay     its record
-- KEY todo       sorted set of items that are to be done, by time of arrival
-- KEY underWay   the same of items that are being done
-- KEY open       sorted set of all that have not ended
-- ARG owner      the process
-- ARG ownedMs    for which it is the owner
-- ARG member     the replay in `open`
-- RETURN 1 = claimed; 0 = it does not run, or another process runs it
-- INCLUDE lua/now
-- COST O(items under way * log(items to do))

local call = redis.call
local known = call('HMGET', replay, 'status', 'owner', 'ownedUntilMs')
if known[1] ~= 'running' and known[1] ~= 'paused' then call('ZREM', open, member) end
if known[1] ~= 'running' then return 0 end
if known[2] and known[2] ~= owner and tonumber(known[3]) > now then return 0 end
call('HSET', replay, 'owner', owner, 'ownedUntilMs', text(now + ownedMs))
local left = call('ZRANGE', underWay, 0, -1, 'WITHSCORES')
for at = 1, #left, 2 do call('ZADD', todo, left[at + 1], left[at]) end
call('DEL', underWay)
return 1
