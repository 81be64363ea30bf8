-- Begins a replay of the items in `todo`, and removes the oldest replays of the subscription.
-- KEY replay          its record
-- KEY open            sorted set of `subscription id` of all that have not ended, by time of creation
-- KEY ofSubscription  sorted set of the ids of the subscription's replays, by time of creation
-- KEY todo            sorted set of waiting items, by time of arrival
-- KEY underWay        the same of items that a worker delivers now
-- ARG subscription
-- ARG id
-- ARG createdAtMs
-- ARG prefix          of replays' keys
-- ARG maxOpen         of the platform, paused ones included
-- ARG maxKept         of the subscription, ended ones included
-- MORE ARGS fields    field, value … of the record
-- RETURN {'begun', number of items}; {'platform'} or {'subscription'} = it has the maximum of open replays
-- INCLUDE replays/finish
-- COST O(maxOpen + maxKept)

local call = redis.call
local others = call('ZRANGE', open, 0, -1)
if #others >= tonumber(maxOpen) then return {'platform'} end
for _, other in ipairs(others) do
  if string.sub(other, 1, #subscription + 1) == subscription .. ' ' then return {'subscription'} end
end
local matched = call('ZCARD', todo)
call('PERSIST', todo)
call('HSET', replay, 'matched', matched, unpack(ARGV, fields))
call('ZADD', open, createdAtMs, member)
call('ZADD', ofSubscription, createdAtMs, id)
call('PERSIST', ofSubscription)
local over = call('ZRANGE', ofSubscription, 0, -1 - maxKept)
for _, old in ipairs(over) do
  call('ZREM', ofSubscription, old)
  call('UNLINK', prefix .. old)
end
if matched == 0 then finish('completed') end
return {'begun', matched}
