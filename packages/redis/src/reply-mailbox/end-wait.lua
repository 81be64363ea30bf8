-- Ends the waits for a reply before their deadline, without one. A reply that comes after that is too late.
-- KEY reply    hash
-- ARG from     the subscription that does not reply in time
-- ARG message  published to waiting processes
-- RETURN 1, or 0 when nobody waits for a reply of this subscription
-- INCLUDE lua/now
-- INCLUDE reply-mailbox/publish-to
-- COST O(waiting processes)

local deadline, asked, offered = unpack(redis.call('HMGET', reply, 'deadline', 'subscription', 'reply'))
if not deadline or asked ~= from or offered or now > tonumber(deadline) then return 0 end
redis.call('HSET', reply, 'deadline', text(now - 1))
publishTo(reply, message)
return 1
