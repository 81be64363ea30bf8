-- `finish(status)`: ends the replay.
-- NEED replay
-- NEED open
-- NEED ofSubscription
-- NEED todo
-- NEED underWay
-- NEED subscription
-- NEED id
-- INCLUDE lua/now

local KEPT_SECONDS = 7 * 86400
-- For items that are under way when the replay is cancelled.
local CANCELLED_SECONDS = 60
local member = subscription .. ' ' .. id

local function finish(status)
  redis.call('HSET', replay, 'status', status, 'endedAtMs', text(now))
  redis.call('HDEL', replay, 'owner', 'ownedUntilMs')
  redis.call('EXPIRE', replay, KEPT_SECONDS)
  redis.call('EXPIRE', ofSubscription, KEPT_SECONDS)
  redis.call('ZREM', open, member)
  redis.call('UNLINK', todo)
  redis.call('EXPIRE', underWay, CANCELLED_SECONDS)
end
