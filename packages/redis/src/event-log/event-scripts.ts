// Owns: the scripts that write the event log. Every key they write expires; all keys of a call share the platform's hash tag.
import { script } from '../script.ts'

/**
 * Remembers an event and who is to get it. On repeat it only adds subscriptions that were not known.
 * The indexes lose what is too old, and, above the cap, the oldest: a few per write, so that no write is long.
 * KEYS: event, index of all, [index of its authorizer]
 * ARGV: id, event as JSON, receivedAtMs, life in s, most events, prefix of event keys, type, authorizer or '',
 *       state of a new delivery as JSON, subscriptions …
 */
export const recordEvent = script(`
local life, most = tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('HSETNX', KEYS[1], 'event', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'receivedAtMs', ARGV[3], 'type', ARGV[7], 'authorizer', ARGV[8])
  redis.call('EXPIRE', KEYS[1], life)
end
for index = 10, #ARGV do redis.call('HSETNX', KEYS[1], 'd:' .. ARGV[index], ARGV[9]) end

local time = redis.call('TIME')
local oldest = string.format('(%.0f', (tonumber(time[1]) - life) * 1000)
for index = 2, #KEYS do
  redis.call('ZADD', KEYS[index], 'NX', ARGV[3], ARGV[1])
  redis.call('EXPIRE', KEYS[index], life)
  local aged = redis.call('ZRANGEBYSCORE', KEYS[index], '-inf', oldest, 'LIMIT', 0, 100)
  if #aged > 0 then redis.call('ZREM', KEYS[index], unpack(aged)) end
  local over = math.min(redis.call('ZCARD', KEYS[index]) - most, 100)
  if over > 0 then
    local dropped = redis.call('ZRANGE', KEYS[index], 0, over - 1)
    redis.call('ZREM', KEYS[index], unpack(dropped))
    if index == 2 then
      for _, id in ipairs(dropped) do redis.call('UNLINK', ARGV[6] .. id) end
    end
  end
end
return 1
`)

/**
 * Writes what became of a delivery, unless that is old news: what is delivered stays delivered, what is over does not go on,
 * and attempts do not count backwards. Only \`pending\` begins anew.
 * KEYS: event
 * ARGV: field, state as JSON, status, attempts
 * -> 1 written, 0 old news or a forgotten event
 */
export const changeDelivery = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local known, status = redis.call('HGET', KEYS[1], ARGV[1]), ARGV[3]
if known and status ~= 'pending' then
  local state = cjson.decode(known)
  if state.status == 'delivered' then return 0 end
  if state.status == 'dead' and status == 'retrying' then return 0 end
  if state.status == 'discarded' and status ~= 'delivered' then return 0 end
  if state.status == 'retrying' and status == 'retrying' and tonumber(ARGV[4]) < state.attempts then return 0 end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`)
