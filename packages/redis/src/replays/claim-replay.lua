-- Makes a process the owner of a replay that no process runs. Items that an earlier owner left under way are delivered
-- again. A replay whose record was lost in a failover is removed from `open`.
-- KEY replay     its record
-- KEY todo       sorted set of waiting items, by time of arrival
-- KEY underWay   the same of items that a worker delivers now
-- KEY open       sorted set of all that have not ended
-- ARG owner      the process
-- ARG ownedMs    length of its lease
-- ARG member     the replay in `open`
-- RETURN 1 = claimed; 0 = it does not run, or another process runs it
-- INCLUDE lua/now
-- COST O(items under way * log(waiting items))

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
