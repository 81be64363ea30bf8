-- Offers a reply. The first one is accepted and published to every waiting process. `answered` outlives the wait, so a
-- second reply is refused.
-- KEY reply              hash
-- KEY answered
-- ARG json               the reply
-- ARG message            published to waiting processes
-- ARG from               the replying subscription, or ''
-- ARG rememberedSeconds  life of `answered`
-- ARG needsUser          '1' = the reply needs the user of the push
-- RETURN accepted | already-answered | too-late | unknown | not-asked | no-user
-- INCLUDE lua/now
-- INCLUDE reply-mailbox/publish-to
-- COST O(waiting processes)

local deadline, asked, openid = unpack(redis.call('HMGET', reply, 'deadline', 'subscription', 'openid'))
if from ~= '' and deadline and asked ~= from then return 'not-asked' end
if redis.call('EXISTS', answered) == 1 or redis.call('HEXISTS', reply, 'reply') == 1 then return 'already-answered' end
if not deadline then return 'unknown' end
if asked and not openid and needsUser == '1' then return 'no-user' end
if now > tonumber(deadline) then return 'too-late' end
redis.call('HSET', reply, 'reply', json)
redis.call('SET', answered, '1', 'EX', rememberedSeconds)
publishTo(reply, message)
return 'accepted'
