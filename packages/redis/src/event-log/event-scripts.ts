// Owns: the scripts that write the event log. Every key of the log expires; all of a shard share its hash tag.
import { APPEND_TO } from '../append-script.ts'
import { ADDING } from '../bullmq-format/add-jobs-script.ts'
import { script } from '../script.ts'
import { ATTEMPTS_LUA } from './attempts.ts'
import { CLAIM_LUA } from './claim-script.ts'
import { FEED_LUA } from './feed-scripts.ts'
import { USERS_KNOWN_LUA } from './user-index.ts'

/** Is this the state, as JSON, of a delivery that was made? Its status stands first (logged-event.ts). */
const IS_DELIVERED_LUA = `
local function isDelivered(state)
  return state and string.find(state, '{"status":"delivered"', 1, true) == 1
end
`

/**
 * The index of what a subscription has not been delivered loses what is older than the log: a few entries with each that comes,
 * so that no write is long.
 */
const NOT_DELIVERED_LUA = `
local function notDelivered(key, life, oldest, few, ...)
  redis.call('ZADD', key, 'NX', ...)
  redis.call('EXPIRE', key, life)
  local aged = redis.call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, few)
  if #aged > 0 then redis.call('ZREM', key, unpack(aged)) end
end
`

const RECORD_LUA = [IS_DELIVERED_LUA, NOT_DELIVERED_LUA, CLAIM_LUA, APPEND_TO, ADDING, FEED_LUA, USERS_KNOWN_LUA].join('')

/**
 * Remembers events and who is to get each, and gives them to streams and to BullMQ queues, whose keys have other hash tags
 * (script-reach.ts says where that may be): whoever reads an event there finds it in the log, as delivered. On
 * repeat it adds subscriptions that were not known, and whom the same arrival has been delivered to is told by the answer, without
 * another entry. Of an event that another arrival has claimed nothing is done. A sink that takes none is told by the answer, too; its delivery is pending.
 * The indexes lose what is too old, and, above the cap, the oldest: a few per event, so that no write is long.
 * What is new stands at the end of the feed, in the order in which it was recorded.
 * KEYS: index of all, index of deliveries that are not over, feed, end of the feed, from when on the index of users is whole, then, in
 *       any order, the index of each authorizer and of each user in the batch, each
 *       stream, the claim of each event that has one, and of each queue those that `addingTo` takes, in a row
 * ARGV: life in s, most events, prefix of event keys, state of a new delivery as JSON, state of one that is made, timestamp of jobs,
 *       prefix of the indexes of what a subscription has not been delivered, prefix of the events' attempts,
 *       how many queues, for each: which of KEYS is its first, prefix of its keys, how many jobs it gets,
 *       then for each event: id, event as JSON, receivedAtMs, type, authorizer or '', which of KEYS is its index (0 = none),
 *       which of KEYS is its user's index (0 = none), its member there, which of KEYS is its claim (0 = none), the arrival,
 *       life of the claim in ms, '1' = not if the log knows the event,
 *       how many subscriptions, for each: its name, which of KEYS is its stream or its queue's first (0 = it is served elsewhere),
 *       of the stream most entries that remain ('' = all), of the queue the job's options as JSON
 * -> for each event the subscriptions that have it; 0 = another arrival has the event
 */
export const recordEvents = script(`${RECORD_LUA}
local call = redis.call
local life, most, prefix, pending, delivered, now = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local added, answers, undelivered, fresh = {}, {}, {}, {}
local isFirst = call('EXISTS', KEYS[1]) == 0
for index = 1, #KEYS do added[index] = {} end

-- Asked before anything is written: of a job that some key refuses, the rest would stay behind and pass for one that was added.
local TYPES = {'list', 'hash', 'string', 'list', 'stream', 'zset'}
local function isQueue(first)
  for index, expected in ipairs(TYPES) do
    local found = call('TYPE', KEYS[first + index - 1]).ok
    if found ~= 'none' and found ~= expected then return false end
  end
  return true
end

local queues = {}
for index = 10, 9 + 3 * ARGV[9], 3 do
  local first = tonumber(ARGV[index])
  queues[first] = false
  if isQueue(first) then
    local opened, add = pcall(addingTo, ARGV[index + 1], ARGV[index + 2], unpack(KEYS, first, first + #TYPES - 1))
    queues[first] = opened and add
  end
end

local function give(at, id, kind, event)
  local place, how = tonumber(ARGV[at + 1]), ARGV[at + 2]
  if place == 0 then return false end
  local add = queues[place]
  if add == nil then return type(appendTo(KEYS[place], how, 'id', id, 'type', kind, 'event', event)) == 'string' end
  return add and pcall(add, id, kind, event, how, now)
end

local function hasGot(key, field, receivedAtMs)
  local known = call('HMGET', key, 'receivedAtMs', field)
  return known[1] == receivedAtMs and isDelivered(known[2])
end

local function isOurs(at, key)
  local place = tonumber(ARGV[at + 8])
  return place == 0 or claim(KEYS[place], key, ARGV[at + 9], ARGV[at + 10], ARGV[at + 11])
end

-- The event whose arguments begin here.
local function record(at)
  local id, event, receivedAtMs, kind = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local own, user = tonumber(ARGV[at + 5]), tonumber(ARGV[at + 6])
  local key = prefix .. id
  if not isOurs(at, key) then return 0 end
  local isNew = call('HSETNX', key, 'event', event) == 1
  local fields = isNew and {'receivedAtMs', receivedAtMs, 'type', kind, 'authorizer', ARGV[at + 4]} or {}
  local served = {}
  for at = at + 13, at + 12 + 3 * ARGV[at + 12], 3 do
    local name = ARGV[at]
    local field = 'd:' .. name
    if not isNew and hasGot(key, field, receivedAtMs) then
      served[#served + 1] = name
    elseif give(at, id, kind, event) then
      served[#served + 1] = name
      fields[#fields + 1] = field
      fields[#fields + 1] = delivered
    elseif isNew or call('HEXISTS', key, field) == 0 then
      fields[#fields + 1] = field
      fields[#fields + 1] = pending
      table.insert(added[2], now)
      table.insert(added[2], id .. ' ' .. name)
      local own = undelivered[name] or {}
      undelivered[name] = own
      table.insert(own, isNew and receivedAtMs or call('HGET', key, 'receivedAtMs'))
      table.insert(own, id)
    end
  end
  if #fields > 0 then call('HSET', key, unpack(fields)) end
  if isNew then
    call('EXPIRE', key, life)
    fresh[#fresh + 1] = id
  end
  table.insert(added[1], receivedAtMs)
  table.insert(added[1], id)
  if own > 0 then
    table.insert(added[own], receivedAtMs)
    table.insert(added[own], id)
  end
  if user > 0 then
    table.insert(added[user], receivedAtMs)
    table.insert(added[user], ARGV[at + 7])
  end
  return served
end

local at = 10 + 3 * ARGV[9]
while at <= #ARGV do
  answers[#answers + 1] = record(at)
  at = at + 13 + 3 * ARGV[at + 12]
end

local time = call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
feed(KEYS[3], KEYS[4], fresh, nowMs, life, most)
usersKnown(KEYS[5], isFirst, nowMs, life)
local aged = string.format('(%.0f', (tonumber(time[1]) - life) * 1000)
-- What is older than the oldest of the log is not in it.
local gone = aged
local few = 100 + #answers
for index = 1, #KEYS do
  if #added[index] > 0 then
    -- Lua unpacks fewer than 8,000 values at once.
    for first = 1, #added[index], 1000 do
      call('ZADD', KEYS[index], 'NX', unpack(added[index], first, math.min(first + 999, #added[index])))
    end
    call('EXPIRE', KEYS[index], life)
    local old = call('ZRANGEBYSCORE', KEYS[index], '-inf', index == 2 and aged or gone, 'LIMIT', 0, few)
    if #old > 0 then call('ZREM', KEYS[index], unpack(old)) end
    local over = math.min(call('ZCARD', KEYS[index]) - most, few)
    if over > 0 then
      local dropped = call('ZRANGE', KEYS[index], 0, over - 1)
      call('ZREM', KEYS[index], unpack(dropped))
      if index == 1 then
        for _, id in ipairs(dropped) do call('UNLINK', prefix .. id, ARGV[8] .. id) end
      end
    end
  end
  if index == 1 then gone = '(' .. (call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2] or 0) end
end
for name, own in pairs(undelivered) do notDelivered(ARGV[7] .. name, life, gone, few, unpack(own)) end
return answers
`)

/**
 * Writes what became of deliveries, each unless that is old news: what is delivered stays delivered, what is over does not go
 * on, and attempts do not count backwards. Only `pending` begins anew. An attempt that was made is kept all the same.
 * KEYS: index of deliveries that are not over, then the event of each change; one may stand there several times
 * ARGV: milliseconds now, life in s, prefix of the indexes of what a subscription has not been delivered, prefix of the events' attempts,
 *       then for each change: event's id, subscription, state as JSON, status, attempts, id of the job that delivers ('' = as before),
 *       attempt as JSON ('' = none, or it stands in the state)
 * -> which of the changes, from 0, are about an event that is not there
 */
export const changeDeliveries = script(`${IS_DELIVERED_LUA}${NOT_DELIVERED_LUA}${ATTEMPTS_LUA}
local call = redis.call
local unsettled, unknown = KEYS[1], {}
local at = 5
for index = 2, #KEYS do
  local key = KEYS[index]
  local field, status, attempts = 'd:' .. ARGV[at + 1], ARGV[at + 3], tonumber(ARGV[at + 4])
  local event = call('HMGET', key, 'receivedAtMs', field, 'erased')
  local beside, name, new, attempt = ARGV[4] .. ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 6]
  if event[3] then new, attempt = withoutAnswer(new), withoutAnswer(attempt) end
  local write = event[1]
  if not write then unknown[#unknown + 1] = index - 2 end
  if write and event[2] and status == 'delivered' then
    -- By far the most: not worth taking the state apart.
    write = not isDelivered(event[2])
  elseif write and event[2] and status ~= 'pending' then
    local state = cjson.decode(event[2])
    if state.status == 'delivered' then write = false end
    if state.status == 'dead' and status == 'retrying' then write = false end
    if state.status == 'discarded' then write = false end
    if state.status == 'retrying' and status == 'retrying' and attempts < state.attempts then write = false end
  end
  local member = ARGV[at] .. ' ' .. ARGV[at + 1]
  if event[1] and attempt ~= '' then
    keepAttempt(beside, name, attempt, key)
  elseif event[2] and status == 'delivered' and not write and new ~= event[2] then
    keepAttempt(beside, name, new, key)
  end
  if write then
    if status == 'pending' and isDelivered(event[2]) then keepAttempt(beside, name, event[2], key) end
    call('HSET', key, field, new)
    if ARGV[at + 5] ~= '' then call('HSET', key, 'j:' .. ARGV[at + 1], ARGV[at + 5]) end
    if status == 'pending' or status == 'retrying' then
      call('ZADD', unsettled, 'NX', ARGV[1], member)
      call('EXPIRE', unsettled, ARGV[2])
    end
  end
  if status ~= 'pending' and status ~= 'retrying' then call('ZREM', unsettled, member) end
  local undelivered = ARGV[3] .. name
  if status == 'delivered' then call('ZREM', undelivered, ARGV[at])
  elseif write then notDelivered(undelivered, ARGV[2], ARGV[1] - ARGV[2] * 1000, 10, event[1], ARGV[at]) end
  at = at + 7
end
return unknown
`)
