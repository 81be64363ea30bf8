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
-- MORE KEYS others        streams and the keys of queues, in any order. A record contains the index of a key in this
--   list, from 1; 0 = none
-- ARG life                of the log, in seconds
-- ARG maxEvents           in the log
-- ARG eventPrefix         of event keys
-- ARG claimPrefix         of the claims of events
-- ARG authorizerPrefix    of the indexes of authorizers
-- ARG usersPrefix         of the indexes of users
-- ARG pending             state of a new delivery, JSON
-- ARG delivered           state of a successful delivery, JSON
-- ARG timestamp           of jobs, in ms
-- ARG undeliveredPrefix   of the indexes of events that a subscription was not delivered
-- ARG attemptsPrefix      of the events' attempts
-- ARG queueCount
-- ARG groupCount
-- MORE ARGS records       a `queue` of each queue, then a `group` of each group of events, followed by its `delivery`
--   records, then an `event` of each event
-- RECORD queue: prefix, jobs, wait, meta, counter, active, events, marker
-- RECORD group: claimMs, unlessLogged, deliveries
-- RECORD delivery: name, sink, how
-- RECORD event: id, json, receivedAtMs, kind, authorizer, users, userTag, arrival, groupNumber
--   users: number of the index; '' = the event has no user. arrival: '' = no claim is needed. groupNumber: from 1
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
local ofAll, ofUnsettled, ofAuthorizers, ofUsers, undelivered, fresh = {}, {}, {}, {}, {}, {}
local isFirst = call('EXISTS', all) == 0

local function isServed(key, field, receivedAtMs)
  local known = call('HMGET', key, 'receivedAtMs', field)
  return known[1] == receivedAtMs and isDelivered(known[2])
end

local function push(list, score, member)
  list[#list + 1] = score
  list[#list + 1] = member
end

local function pushTo(lists, name, score, member)
  lists[name] = lists[name] or {}
  push(lists[name], score, member)
end

-- Returns the index after the group's records, and the group.
local function readGroupAt(at)
  local next, claimMs, unlessLogged, deliveries = readGroup(at)
  local group = {claimMs = claimMs, unlessLogged = unlessLogged}
  for place = 1, deliveries do
    local after, name, sink, how = readDelivery(next)
    group[place] = {name = name, field = 'd:' .. name, sink = tonumber(sink), how = how}
    next = after
  end
  return next, group
end

-- Returns the index after the event's record, and the answer.
local function record(at, groups)
  local after, id, json, receivedAtMs, kind, authorizer, users, userTag, arrival,
    groupNumber = readEvent(at)
  local group = groups[tonumber(groupNumber)]
  local key = eventPrefix .. id
  if arrival ~= '' and not claim(claimPrefix .. id, key, arrival, group.claimMs, group.unlessLogged) then
    return after, 0
  end
  local isNew = call('HEXISTS', key, 'event') == 0
  local fields = {}
  if isNew then
    fields = {'event', json, 'receivedAtMs', receivedAtMs, 'type', kind, 'authorizer', authorizer}
  end
  local served = {}
  for _, delivery in ipairs(group) do
    local name, field = delivery.name, delivery.field
    if not isNew and isServed(key, field, receivedAtMs) then
      served[#served + 1] = name
    elseif writeTo(delivery.sink, delivery.how, id, kind, json) then
      served[#served + 1] = name
      push(fields, field, delivered)
    elseif isNew or call('HEXISTS', key, field) == 0 then
      push(fields, field, pending)
      push(ofUnsettled, timestamp, id .. ' ' .. name)
      pushTo(undelivered, name, isNew and receivedAtMs or call('HGET', key, 'receivedAtMs'), id)
    end
  end
  if #fields > 0 then call('HSET', key, unpack(fields)) end
  if isNew then
    call('EXPIRE', key, life)
    fresh[#fresh + 1] = id
  end
  push(ofAll, receivedAtMs, id)
  if authorizer ~= '' then pushTo(ofAuthorizers, authorizer, receivedAtMs, id) end
  if users ~= '' then pushTo(ofUsers, users, receivedAtMs, userTag .. id) end
  return after, served
end

local at, groups, answers = records, {}, {}
for _ = 1, queueCount do at = openQueue(at) end
for number = 1, groupCount do at, groups[number] = readGroupAt(at) end
while at <= #ARGV do at, answers[#answers + 1] = record(at, groups) end

appendToFeed(feed, feedEnd, fresh, now, life, maxEvents)
usersKnown(usersFrom, isFirst, now, life)
-- Old entries that one call removes from an index.
local maxRemoved = 100 + #answers

-- Adds scores and members to an index, and drops entries that are too old.
local function addTo(key, entries, oldest)
  -- Lua unpacks fewer than 8,000 values at once.
  for first = 1, #entries, 1000 do
    call('ZADD', key, 'NX', unpack(entries, first, math.min(first + 999, #entries)))
  end
  -- A read costs less than a write: the life is renewed when a hundredth of it has passed.
  if call('PTTL', key) < life * 1000 then call('EXPIRE', key, life + math.ceil(life / 100)) end
  local old = call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, maxRemoved)
  if #old > 0 then call('ZREM', key, unpack(old)) end
end

-- Drops the oldest entries above `maxEvents`, and returns their members.
local function dropAbove(key)
  local over = math.min(call('ZCARD', key) - maxEvents, maxRemoved)
  if over <= 0 then return {} end
  local dropped = call('ZRANGE', key, 0, over - 1)
  call('ZREM', key, unpack(dropped))
  return dropped
end

local aged = '(' .. text((tonumber(time[1]) - life) * 1000)
if #ofAll > 0 then
  addTo(all, ofAll, aged)
  for _, id in ipairs(dropAbove(all)) do call('UNLINK', eventPrefix .. id, attemptsPrefix .. id) end
end
if #ofUnsettled > 0 then
  addTo(unsettled, ofUnsettled, aged)
  dropAbove(unsettled)
end
-- The other indexes drop what is older than the oldest event of the log, so they have no more entries than the log.
local gone = '(' .. (call('ZRANGE', all, 0, 0, 'WITHSCORES')[2] or 0)
for authorizer, entries in pairs(ofAuthorizers) do addTo(authorizerPrefix .. authorizer, entries, gone) end
for users, entries in pairs(ofUsers) do addTo(usersPrefix .. users, entries, gone) end
for name, entries in pairs(undelivered) do
  notDelivered(undeliveredPrefix .. name, life, gone, maxRemoved, unpack(entries))
end
return answers
