// Owns: the scripts by which a passive reply finds the processes that wait for it. Redis' clock alone judges the deadline:
// the clocks of two processes differ.
import { NOW_LUA } from '../now-script.ts'
import { script } from '../script.ts'

/**
 * A process waits. Again, or from another process, it may put the deadline off, never forward; whom it asked first stays asked.
 * KEYS: reply
 * ARGV: channel, ms left, ms that the key outlives the deadline, [subscription, authorizer, openid, event as JSON or '', ms of receipt]
 * -> the reply when there is one already, else false
 */
export const awaitReply = script(`${NOW_LUA}
local deadline = math.max(now + tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[1], 'deadline') or '0'))
redis.call('HSET', KEYS[1], 'deadline', string.format('%.0f', deadline), 'w:' .. ARGV[1], '1')
if ARGV[4] then
  for index, field in ipairs({'subscription', 'authorizer', 'openid', 'event', 'received'}) do
    if ARGV[index + 3] ~= '' then redis.call('HSETNX', KEYS[1], field, ARGV[index + 3]) end
  end
end
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', deadline - now + tonumber(ARGV[3])))
return redis.call('HGET', KEYS[1], 'reply')
`)

/**
 * A reply comes; the first one counts, and every waiting process hears of it. That the event is answered is remembered
 * longer than the wait for it.
 * KEYS: reply, answered
 * ARGV: reply as JSON, message, subscription that it comes from or '', seconds to remember that it is answered, 1 = needs a user
 * -> accepted | already-answered | too-late | unknown | not-asked | no-user
 */
export const offerReply = script(`${NOW_LUA}
local deadline, asked, openid = unpack(redis.call('HMGET', KEYS[1], 'deadline', 'subscription', 'openid'))
if ARGV[3] ~= '' and deadline and asked ~= ARGV[3] then return 'not-asked' end
if redis.call('EXISTS', KEYS[2]) == 1 or redis.call('HEXISTS', KEYS[1], 'reply') == 1 then return 'already-answered' end
if not deadline then return 'unknown' end
if asked and not openid and ARGV[5] == '1' then return 'no-user' end
if now > tonumber(deadline) then return 'too-late' end
redis.call('HSET', KEYS[1], 'reply', ARGV[1])
redis.call('SET', KEYS[2], '1', 'EX', ARGV[4])
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'w:' then redis.call('PUBLISH', string.sub(field, 3), ARGV[2]) end
end
return 'accepted'
`)
