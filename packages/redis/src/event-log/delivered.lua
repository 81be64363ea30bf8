-- What the event log knows of deliveries.

-- Is this the state, as JSON, of a delivery that was made? Its status stands first (logged-event.ts).
local function isDelivered(state)
  return state and string.find(state, '{"status":"delivered"', 1, true) == 1
end

-- `notDelivered(key, life, oldest, few, receivedAtMs, id …)`: adds to the index of what a subscription has not been
-- delivered. What is older than the log leaves it: a few entries with each that comes, so that no write is long.
local function notDelivered(key, life, oldest, few, ...)
  redis.call('ZADD', key, 'NX', ...)
  redis.call('EXPIRE', key, life)
  local aged = redis.call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, few)
  if #aged > 0 then redis.call('ZREM', key, unpack(aged)) end
end
