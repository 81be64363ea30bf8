-- Records events and their deliveries.
-- - Writes to consumers are part of the step: when a consumer reads an event, the log has it as delivered. These keys
--   have other hash tags (script-reach.ts checks whether that works). A refused write leaves a pending delivery.
-- - A repeat adds deliveries to further subscriptions. A subscription that has the event already, from the same
--   arrival, is returned without another write. An event that another arrival has claimed is skipped.
-- - The indexes drop entries that are too old, and the oldest above `maxEvents`: a few per event, so that no write is
--   long. New events are appended to the feed in the order of recording.
-- KEY all                 sorted set of all events by receivedAtMs
-- KEY unsettled           sorted set of pending deliveries by the time of recording
-- KEY feed
-- KEY feedEnd             id of the last entry of the feed
-- KEY usersFrom           time from which the index of users is complete
-- MORE KEYS others        in any order: the indexes of authorizers and users, streams, claims, and the keys of queues.
--   A record contains the index of a key in this list, from 1; 0 = none
-- ARG life                of the log, in seconds
-- ARG maxEvents           in the log
-- ARG eventPrefix         of event keys
-- ARG pending             state of a new delivery, JSON
-- ARG delivered           state of a successful delivery, JSON
-- ARG timestamp           of jobs, in ms
-- ARG undeliveredPrefix   of the indexes of events that a subscription was not delivered
-- ARG attemptsPrefix      of the events' attempts
-- ARG queueCount
-- MORE ARGS records       a `queue` of each queue, then an `event` of each event, followed by its `delivery` records
-- RECORD queue: prefix, jobs, wait, meta, counter, active, events, marker
-- RECORD event: id, json, receivedAtMs, kind, authorizer, ofAuthorizer, ofUser, userMember
-- RECORD event: claimed, arrival, claimMs, unlessLogged, deliveries
-- RECORD delivery: name, sink, how
-- RETURN for each event the subscriptions that have it; 0 = another arrival has claimed it
-- INCLUDE lua/now
-- INCLUDE lua/key-at
-- INCLUDE consumers/write-to-consumers
-- INCLUDE event-log/delivered
-- INCLUDE event-log/claim
-- INCLUDE event-log/append-to-feed
-- INCLUDE event-log/users-known
-- COST O((events + deliveries) * log(maxEvents))

local call = redis.call
local ofAll, ofUnsettled, ofOthers, undelivered, fresh = {}, {}, {}, {}, {}
local isFirst = call('EXISTS', all) == 0
for place = 1, #KEYS - others + 1 do ofOthers[place] = {} end

local function isServed(key, field, receivedAtMs)
  local known = call('HMGET', key, 'receivedAtMs', field)
  return known[1] == receivedAtMs and isDelivered(known[2])
end

local function push(list, score, member)
  list[#list + 1] = score
  list[#list + 1] = member
end

-- Returns the index after the event's records, and the answer.
local function record(at)
  local first, id, json, receivedAtMs, kind, authorizer, ofAuthorizer, ofUser, userMember, claimed, arrival, claimMs,
    unlessLogged, deliveries = readEvent(at)
  local after = first + deliveries * readDelivery(0)
  local key = eventPrefix .. id
  if claimed ~= '0' and not claim(keyAt(claimed), key, arrival, claimMs, unlessLogged) then return after, 0 end
  local isNew = call('HSETNX', key, 'event', json) == 1
  local fields = isNew and {'receivedAtMs', receivedAtMs, 'type', kind, 'authorizer', authorizer} or {}
  local served = {}
  at = first
  while at < after do
    local next, name, sink, how = readDelivery(at)
    local field = 'd:' .. name
    if not isNew and isServed(key, field, receivedAtMs) then
      served[#served + 1] = name
    elseif writeTo(tonumber(sink), how, id, kind, json) then
      served[#served + 1] = name
      push(fields, field, delivered)
    elseif isNew or call('HEXISTS', key, field) == 0 then
      push(fields, field, pending)
      push(ofUnsettled, timestamp, id .. ' ' .. name)
      undelivered[name] = undelivered[name] or {}
      push(undelivered[name], isNew and receivedAtMs or call('HGET', key, 'receivedAtMs'), id)
    end
    at = next
  end
  if #fields > 0 then call('HSET', key, unpack(fields)) end
  if isNew then
    call('EXPIRE', key, life)
    fresh[#fresh + 1] = id
  end
  push(ofAll, receivedAtMs, id)
  if ofAuthorizer ~= '0' then push(ofOthers[tonumber(ofAuthorizer)], receivedAtMs, id) end
  if ofUser ~= '0' then push(ofOthers[tonumber(ofUser)], receivedAtMs, userMember) end
  return after, served
end

local at, answers = records, {}
for _ = 1, queueCount do at = openQueue(at) end
while at <= #ARGV do at, answers[#answers + 1] = record(at) end

appendToFeed(feed, feedEnd, fresh, now, life, maxEvents)
usersKnown(usersFrom, isFirst, now, life)
-- Old entries that one call removes from an index.
local maxRemoved = 100 + #answers

-- Adds scores and members to an index. Returns the members that were dropped because of `maxEvents`.
local function addTo(key, entries, oldest)
  if #entries == 0 then return {} end
  -- Lua unpacks fewer than 8,000 values at once.
  for first = 1, #entries, 1000 do
    call('ZADD', key, 'NX', unpack(entries, first, math.min(first + 999, #entries)))
  end
  call('EXPIRE', key, life)
  local old = call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, maxRemoved)
  if #old > 0 then call('ZREM', key, unpack(old)) end
  local over = math.min(call('ZCARD', key) - maxEvents, maxRemoved)
  if over <= 0 then return {} end
  local dropped = call('ZRANGE', key, 0, over - 1)
  call('ZREM', key, unpack(dropped))
  return dropped
end

local aged = '(' .. text((tonumber(time[1]) - life) * 1000)
for _, id in ipairs(addTo(all, ofAll, aged)) do call('UNLINK', eventPrefix .. id, attemptsPrefix .. id) end
-- Entries of the other indexes that are older than the oldest event of the log.
local gone = '(' .. (call('ZRANGE', all, 0, 0, 'WITHSCORES')[2] or 0)
addTo(unsettled, ofUnsettled, aged)
for place, entries in ipairs(ofOthers) do addTo(keyAt(place), entries, gone) end
for name, entries in pairs(undelivered) do
  notDelivered(undeliveredPrefix .. name, life, gone, maxRemoved, unpack(entries))
end
return answers
