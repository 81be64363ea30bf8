-- Stores a ticket, unless the stored one is newer. A repeat updates the time of receipt.
-- KEY ticket        hash of the ticket
-- KEY refreshError  of the component's last refresh
-- ARG sealed
-- ARG createTime    in s
-- RETURN 1 = saved; 0 = the stored one is newer
-- INCLUDE lua/now
-- COST O(1)

-- A ticket with a wrong time in the future must not block later ones.
local MAX_AHEAD_SECONDS = 600
local created = math.min(tonumber(createTime), math.floor(now / 1000) + MAX_AHEAD_SECONDS)
local known = tonumber(redis.call('HGET', ticket, 'createTime') or '-1')
if created < known then return 0 end
redis.call('HSET', ticket, 'ticket', sealed, 'createTime', text(created),
  'receivedAtMs', text(now))
-- Callers that failed for lack of a ticket may retry at once.
redis.call('DEL', refreshError)
return 1
