-- Counts the outcome of an item, or returns the item to `todo`.
-- KEY replay     its record
-- KEY todo       sorted set of waiting items, by time of arrival
-- KEY underWay   the same of items that a worker delivers now
-- ARG item
-- ARG outcome    'delivered', 'failed', or 'back' = deliver it again
-- RETURN 1; 0 = it was not under way
-- COST O(log(items))

local call = redis.call
local score = call('ZSCORE', underWay, item)
if not score then return 0 end
call('ZREM', underWay, item)
local status = call('HGET', replay, 'status')
if outcome ~= 'back' then call('HINCRBY', replay, outcome, 1)
elseif status == 'running' or status == 'paused' then call('ZADD', todo, score, item) end
return 1
