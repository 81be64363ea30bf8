-- Pauses, resumes or cancels a replay.
-- KEY replay          its record
-- KEY open            sorted set of `subscription id` of all that have not ended, by time of creation
-- KEY ofSubscription  sorted set of the ids of the subscription's replays, by time of creation
-- KEY todo            sorted set of waiting items, by time of arrival
-- KEY underWay        the same of items that a worker delivers now
-- ARG subscription
-- ARG id
-- ARG change          'pause', 'resume' or 'cancel'
-- RETURN 1; 0 = it has ended; -1 = there is none
-- INCLUDE replays/finish
-- COST O(1); Redis frees `todo` in the background

local known = redis.call('HMGET', replay, 'subscription', 'status')
if known[1] ~= subscription then return -1 end
if known[2] ~= 'running' and known[2] ~= 'paused' then return 0 end
if change == 'cancel' then finish('cancelled')
else redis.call('HSET', replay, 'status', change == 'pause' and 'paused' or 'running') end
return 1
