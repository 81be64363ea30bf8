-- The delivered and undelivered events of a subscription.

-- Whether this state, as JSON, is `delivered`. The status is its first member (logged-event.ts).
local function isDelivered(state)
  return state and string.find(state, '{"status":"delivered"', 1, true) == 1
end

-- `notDelivered(key, life, oldest, limit, receivedAtMs, id …)`: adds to the index of events that a subscription was
-- not delivered. It removes up to `limit` entries that are older than the log, so that no write is long.
local function notDelivered(key, life, oldest, limit, ...)
  redis.call('ZADD', key, 'NX', ...)
  redis.call('EXPIRE', key, life)
  local aged = redis.call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, limit)
  if #aged > 0 then redis.call('ZREM', key, unpack(aged)) end
end
