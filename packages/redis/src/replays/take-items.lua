-- Takes the items that are due by the rate, the oldest first, and ends the replay when none is left. The rate is not
-- made up for time in which nothing was taken, so there is no burst after a pause.
-- KEY replay          its record
-- KEY open            sorted set of `subscription id` of all that have not ended, by time of creation
-- KEY ofSubscription  sorted set of the ids of the subscription's replays, by time of creation
-- KEY todo            sorted set of waiting items, by time of arrival
-- KEY underWay        the same of items that a worker delivers now
-- ARG subscription
-- ARG id
-- ARG owner           the process
-- ARG ownedMs         length of its lease from now on
-- ARG limit           of items
-- ARG perSecond       the rate
-- RETURN status, then the items; 'lost' = another process runs it
-- INCLUDE replays/finish
-- COST O(limit * log(items))

local call = redis.call
local known = call('HMGET', replay, 'status', 'owner', 'takenUntilMs')
if not known[1] then return {'lost'} end
if known[1] ~= 'running' then return {known[1]} end
if known[2] ~= owner then return {'lost'} end
call('HSET', replay, 'ownedUntilMs', text(now + ownedMs))
local left = call('ZCARD', todo)
if left == 0 and call('ZCARD', underWay) == 0 then
  finish('completed')
  return {'completed'}
end
local gap = 1000 / perSecond
local from = math.max(tonumber(known[3] or 0), now - math.max(gap, 500))
local count = math.min(math.floor((now - from) / gap), tonumber(limit), left)
if count < 1 then return {'running'} end
call('HSET', replay, 'takenUntilMs', string.format('%.3f', from + count * gap))
local answer = {'running'}
local taken = call('ZPOPMIN', todo, count)
for at = 1, #taken, 2 do
  call('ZADD', underWay, taken[at + 1], taken[at])
  answer[#answer + 1] = taken[at]
end
return answer
