-- Notes that a process waits for the reply to an event. Again, or from another process, it may put the deadline off,
-- never forward. The subscription that was asked first stays the one that is asked.
-- KEY reply         hash
-- ARG channel       of the process
-- ARG leftMs        until the deadline
-- ARG keptMs        that the key outlives the deadline
-- ARG subscription  that is asked; '' = nobody is
-- ARG authorizer
-- ARG openid
-- ARG event         JSON, or ''
-- ARG received      ms of receipt, or ''
-- RETURN the reply when there is one already, else false
-- INCLUDE lua/now
-- COST O(1)

local deadline = math.max(now + tonumber(leftMs), tonumber(redis.call('HGET', reply, 'deadline') or '0'))
redis.call('HSET', reply, 'deadline', text(deadline), 'w:' .. channel, '1')
local asked = {
  subscription = subscription, authorizer = authorizer, openid = openid, event = event, received = received,
}
for field, value in pairs(asked) do
  if value ~= '' then redis.call('HSETNX', reply, field, value) end
end
redis.call('PEXPIRE', reply, text(deadline - now + tonumber(keptMs)))
return redis.call('HGET', reply, 'reply')
