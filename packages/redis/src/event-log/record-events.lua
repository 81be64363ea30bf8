-- Remembers events and who is to get each, and gives them to streams and to BullMQ queues, whose keys have other hash
-- tags (script-reach.ts says where that may be): whoever reads an event there finds it in the log, as delivered. Again,
-- it adds subscriptions that were not known. A subscription that the same arrival has been delivered to is returned,
-- without another entry. Nothing is done for an event that another arrival has claimed. A sink that refuses its entry
-- or job has a pending delivery. The indexes lose what is too old, and, above the cap, the oldest: a few per event, so
-- that no write is long. What is new stands at the end of the feed, in the order in which it was recorded.
-- KEY all                 sorted set of all events by receivedAtMs
-- KEY unsettled           the same of deliveries that are not over, by the time of recording
-- KEY feed
-- KEY feedEnd             id of the last entry of the feed
-- KEY usersFrom           from when on the index of users is whole
-- MORE KEYS others        in any order: the indexes of authorizers and users, streams, claims, and the keys of queues.
--   A
--   `place` in a record is the place in this list, from 1; 0 = none
-- ARG life                of the log, in seconds
-- ARG most                events in the log
-- ARG eventPrefix         of event keys
-- ARG pending             state of a new delivery, JSON
-- ARG delivered           state of a delivery that is made, JSON
-- ARG timestamp           of jobs, in ms
-- ARG undeliveredPrefix   of the indexes of what a subscription has not been delivered
-- ARG attemptsPrefix      of the events' attempts
-- ARG queueCount
-- MORE ARGS records       for each queue a `queue`, then for each event an `event`, followed by its deliveries
-- RECORD queue: prefix, jobs, wait, meta, counter, active, events, marker
-- RECORD event: id, json, receivedAtMs, kind, authorizer, ofAuthorizer, ofUser, userMember
-- RECORD event: claimed, arrival, claimMs, asksLog, deliveries
-- RECORD delivery: name, sink, how
-- RETURN for each event the subscriptions that have it; 0 = another arrival has the event
-- INCLUDE lua/now
-- INCLUDE lua/append-to
-- INCLUDE bullmq-format/adding
-- INCLUDE event-log/delivered
-- INCLUDE event-log/claim
-- INCLUDE event-log/append-to-feed
-- INCLUDE event-log/users-known
-- COST O((events + deliveries) * log(most))

local call = redis.call
local ofAll, ofUnsettled, ofOthers, undelivered, fresh = {}, {}, {}, {}, {}
local isFirst = call('EXISTS', all) == 0
for place = 1, #KEYS - others + 1 do ofOthers[place] = {} end

local function keyAt(place) return KEYS[others + place - 1] end

local function isOfType(place, expected)
  local found = call('TYPE', keyAt(place)).ok
  return found == 'none' or found == expected
end

-- By the place of `wait`: the function that adds a job, or false.
local queues = {}

-- The types are checked before anything is written: an error in the middle of a job would leave the rest of it behind,
-- which would pass for a job that was added.
local function openQueue(at)
  local after, prefix, jobs, wait, meta, counter, active, events, marker = readQueue(at)
  local isQueue = isOfType(wait, 'list') and isOfType(meta, 'hash') and isOfType(counter, 'string')
    and isOfType(active, 'list') and isOfType(events, 'stream') and isOfType(marker, 'zset')
  local isOpen, add = false, false
  if isQueue then
    isOpen, add = pcall(addingTo, prefix, jobs, keyAt(wait), keyAt(meta), keyAt(counter), keyAt(active), keyAt(events),
      keyAt(marker))
  end
  queues[tonumber(wait)] = isOpen and add
  return after
end

-- To a stream, or to a queue by the place of its `wait`. `how`: of a stream most entries that remain ('' = all), of a
-- queue the job's options as JSON.
local function give(sink, how, id, kind, json)
  if sink == 0 then return false end
  local add = queues[sink]
  if add == nil then return type(appendTo(keyAt(sink), how, 'id', id, 'type', kind, 'event', json)) == 'string' end
  return add and pcall(add, id, kind, json, how, timestamp)
end

local function hasGot(key, field, receivedAtMs)
  local known = call('HMGET', key, 'receivedAtMs', field)
  return known[1] == receivedAtMs and isDelivered(known[2])
end

local function push(list, score, member)
  list[#list + 1] = score
  list[#list + 1] = member
end

-- Returns the place after the event's records, and the answer.
local function record(at)
  local first, id, json, receivedAtMs, kind, authorizer, ofAuthorizer, ofUser, userMember, claimed, arrival, claimMs,
    asksLog, deliveries = readEvent(at)
  local after = first + deliveries * readDelivery(0)
  local key = eventPrefix .. id
  if claimed ~= '0' and not claim(keyAt(claimed), key, arrival, claimMs, asksLog) then return after, 0 end
  local isNew = call('HSETNX', key, 'event', json) == 1
  local fields = isNew and {'receivedAtMs', receivedAtMs, 'type', kind, 'authorizer', authorizer} or {}
  local served = {}
  at = first
  while at < after do
    local next, name, sink, how = readDelivery(at)
    local field = 'd:' .. name
    if not isNew and hasGot(key, field, receivedAtMs) then
      served[#served + 1] = name
    elseif give(tonumber(sink), how, id, kind, json) then
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

appendToFeed(feed, feedEnd, fresh, now, life, most)
usersKnown(usersFrom, isFirst, now, life)
local few = 100 + #answers

-- Adds scores and members to an index. Returns those that it lost because of the cap.
local function addTo(key, entries, oldest)
  if #entries == 0 then return {} end
  -- Lua unpacks fewer than 8,000 values at once.
  for first = 1, #entries, 1000 do
    call('ZADD', key, 'NX', unpack(entries, first, math.min(first + 999, #entries)))
  end
  call('EXPIRE', key, life)
  local old = call('ZRANGEBYSCORE', key, '-inf', oldest, 'LIMIT', 0, few)
  if #old > 0 then call('ZREM', key, unpack(old)) end
  local over = math.min(call('ZCARD', key) - most, few)
  if over <= 0 then return {} end
  local dropped = call('ZRANGE', key, 0, over - 1)
  call('ZREM', key, unpack(dropped))
  return dropped
end

local aged = '(' .. text((tonumber(time[1]) - life) * 1000)
for _, id in ipairs(addTo(all, ofAll, aged)) do call('UNLINK', eventPrefix .. id, attemptsPrefix .. id) end
-- What is older than the oldest of the log is not in it.
local gone = '(' .. (call('ZRANGE', all, 0, 0, 'WITHSCORES')[2] or 0)
addTo(unsettled, ofUnsettled, aged)
for place, entries in ipairs(ofOthers) do addTo(keyAt(place), entries, gone) end
for name, entries in pairs(undelivered) do notDelivered(undeliveredPrefix .. name, life, gone, few, unpack(entries)) end
return answers
