-- Registers that a process waits for the reply to an event. A repeat, or another process, may postpone the deadline,
-- but not shorten it. The subscription of the first call is kept.
-- KEY reply         hash
-- ARG channel       of the process
-- ARG leftMs        until the deadline
-- ARG keptMs        that the key outlives the deadline
-- ARG subscription  that may reply; '' = any
-- ARG authorizer
-- ARG openid
-- ARG event         JSON, or ''
-- ARG received      ms of receipt, or ''
-- RETURN the reply that was offered before, else false
-- INCLUDE lua/now
-- COST O(1)

local deadline = math.max(now + tonumber(leftMs), tonumber(redis.call('HGET', reply, 'deadline') or '0'))
redis.call('HSET', reply, 'deadline', text(deadline), 'w:' .. channel, '1')
local wait = {
  subscription = subscription, authorizer = authorizer, openid = openid, event = event, received = received,
}
for field, value in pairs(wait) do
  if value ~= '' then redis.call('HSETNX', reply, field, value) end
end
redis.call('PEXPIRE', reply, text(deadline - now + tonumber(keptMs)))
return redis.call('HGET', reply, 'reply')
