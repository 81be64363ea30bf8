// Owns: the scripts that write the event log. Every key they write expires; all keys of a call share the platform's hash tag.
import { script } from '../script.ts'

/**
 * Remembers events and who is to get each. On repeat it only adds subscriptions that were not known.
 * The indexes lose what is too old, and, above the cap, the oldest: a few per event, so that no write is long.
 * KEYS: index of all, index of each authorizer in the batch …
 * ARGV: life in s, most events, prefix of event keys, state of a new delivery as JSON,
 *       then for each event: id, event as JSON, receivedAtMs, type, authorizer or '', which of KEYS is its index (0 = none),
 *       how many subscriptions, subscriptions …
 */
export const recordEvents = script(`
local call = redis.call
local life, most, prefix, pending = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4]
local added = {}
for index = 1, #KEYS do added[index] = {} end
local at, events = 5, 0
while at <= #ARGV do
  local id, receivedAtMs, own, names = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local key = prefix .. id
  if call('HSETNX', key, 'event', ARGV[at + 1]) == 1 then
    local fields = {'receivedAtMs', receivedAtMs, 'type', ARGV[at + 3], 'authorizer', ARGV[at + 4]}
    for index = at + 7, at + 6 + names do
      fields[#fields + 1] = 'd:' .. ARGV[index]
      fields[#fields + 1] = pending
    end
    call('HSET', key, unpack(fields))
    call('EXPIRE', key, life)
  else
    for index = at + 7, at + 6 + names do call('HSETNX', key, 'd:' .. ARGV[index], pending) end
  end
  table.insert(added[1], receivedAtMs)
  table.insert(added[1], id)
  if own > 0 then
    table.insert(added[own], receivedAtMs)
    table.insert(added[own], id)
  end
  at, events = at + 7 + names, events + 1
end

local time = call('TIME')
local oldest = string.format('(%.0f', (tonumber(time[1]) - life) * 1000)
local few = 100 + events
for index = 1, #KEYS do
  if #added[index] > 0 then
    call('ZADD', KEYS[index], 'NX', unpack(added[index]))
    call('EXPIRE', KEYS[index], life)
    local aged = call('ZRANGEBYSCORE', KEYS[index], '-inf', oldest, 'LIMIT', 0, few)
    if #aged > 0 then call('ZREM', KEYS[index], unpack(aged)) end
    local over = math.min(call('ZCARD', KEYS[index]) - most, few)
    if over > 0 then
      local dropped = call('ZRANGE', KEYS[index], 0, over - 1)
      call('ZREM', KEYS[index], unpack(dropped))
      if index == 1 then
        for _, id in ipairs(dropped) do call('UNLINK', prefix .. id) end
      end
    end
  end
end
return events
`)

/**
 * Writes what became of deliveries, each unless that is old news: what is delivered stays delivered, what is over does not go
 * on, and attempts do not count backwards. Only \`pending\` begins anew.
 * KEYS: the event of each change; one may stand there several times
 * ARGV: for each change: field, state as JSON, status, attempts
 */
export const changeDeliveries = script(`
local call = redis.call
local at = 1
for _, key in ipairs(KEYS) do
  local field, status, attempts = ARGV[at], ARGV[at + 2], tonumber(ARGV[at + 3])
  local event = call('HMGET', key, 'receivedAtMs', field)
  local write = event[1]
  if write and event[2] and status == 'delivered' then
    -- By far the most: not worth taking the state apart. Its status stands first.
    write = string.find(event[2], '{"status":"delivered"', 1, true) ~= 1
  elseif write and event[2] and status ~= 'pending' then
    local state = cjson.decode(event[2])
    if state.status == 'delivered' then write = false end
    if state.status == 'dead' and status == 'retrying' then write = false end
    if state.status == 'discarded' then write = false end
    if state.status == 'retrying' and status == 'retrying' and attempts < state.attempts then write = false end
  end
  if write then call('HSET', key, field, ARGV[at + 1]) end
  at = at + 4
end
return #KEYS
`)
