// Owns: the scripts by which a passive reply finds the processes that wait for it. Redis' clock alone judges the deadline:
// the clocks of two processes differ.
import { script } from '../script.ts'

const NOW_LUA = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`

/**
 * A process waits. Again, or from another process, it may put the deadline off, never forward.
 * KEYS: reply
 * ARGV: channel, ms left, ms that the key outlives the deadline
 * -> the reply when there is one already, else false
 */
export const awaitReply = script(`${NOW_LUA}
local deadline = math.max(now + tonumber(ARGV[2]), tonumber(redis.call('HGET', KEYS[1], 'deadline') or '0'))
redis.call('HSET', KEYS[1], 'deadline', string.format('%.0f', deadline), 'w:' .. ARGV[1], '1')
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', deadline - now + tonumber(ARGV[3])))
return redis.call('HGET', KEYS[1], 'reply')
`)

/**
 * A reply comes; the first one counts, and every waiting process hears of it.
 * KEYS: reply
 * ARGV: reply as JSON, message
 * -> accepted | already-answered | too-late | unknown
 */
export const offerReply = script(`${NOW_LUA}
local deadline = redis.call('HGET', KEYS[1], 'deadline')
if not deadline then return 'unknown' end
if redis.call('HEXISTS', KEYS[1], 'reply') == 1 then return 'already-answered' end
if now > tonumber(deadline) then return 'too-late' end
redis.call('HSET', KEYS[1], 'reply', ARGV[1])
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, 2) == 'w:' then redis.call('PUBLISH', string.sub(field, 3), ARGV[2]) end
end
return 'accepted'
`)
