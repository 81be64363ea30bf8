-- Stores a push that cannot be parsed, and removes the oldest above the limit.
-- KEY push
-- KEY pushes        sorted set of all by receivedAtMs
-- ARG sealed
-- ARG eventId
-- ARG receivedAtMs
-- ARG life          in s
-- ARG limit         pushes that remain
-- ARG prefix        of the keys of pushes
-- RETURN 1
-- COST O(log(limit))

local call = redis.call
call('SET', push, sealed, 'EX', life)
call('ZADD', pushes, receivedAtMs, eventId)
call('EXPIRE', pushes, life)
local over = call('ZCARD', pushes) - tonumber(limit)
if over > 0 then
  for _, id in ipairs(call('ZRANGE', pushes, 0, over - 1)) do call('UNLINK', prefix .. id) end
  call('ZREMRANGEBYRANK', pushes, 0, over - 1)
end
return 1
