-- Takes a slot of this second of Redis' clock for a delivery, if one is free.
-- KEY counter    hash
-- ARG perSecond  slots
-- ARG isUrgent   '1' = in any case
-- RETURN 0 = counted, else ms until the next second
-- COST O(1)

local time = redis.call('TIME')
local known = redis.call('HMGET', counter, 'second', 'taken')
local taken = known[1] == time[1] and tonumber(known[2]) or 0
if taken >= tonumber(perSecond) and isUrgent ~= '1' then return 1000 - math.floor(time[2] / 1000) end
redis.call('HSET', counter, 'second', time[1], 'taken', taken + 1)
redis.call('PEXPIRE', counter, 2000)
return 0
