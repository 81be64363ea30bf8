-- Remembers events and who is to get each. Writes to consumers are part of the step: a consumer that reads an event
-- finds it in the log, as delivered. Their keys have other hash tags (script-reach.ts says where that may be). Again,
-- it adds subscriptions that were not known. A subscription that the same arrival has been delivered to is returned,
-- without another write. Nothing is done for an event that another arrival has claimed. A consumer whose entry or job
-- is refused has a pending delivery. The indexes lose what is too old, and, above the cap, the oldest: a few per
-- event, so that no write is long. What is new stands at the end of the feed, in the order in which it was recorded.
-- KEY all                 sorted set of all events by receivedAtMs
-- KEY unsettled           the same of deliveries that are not over, by the time of recording
-- KEY feed
-- KEY feedEnd             id of the last entry of the feed
-- KEY usersFrom           from when on the index of users is whole
-- MORE KEYS others        in any order: the indexes of authorizers and users, streams, claims, and the keys of queues.
--   A record has the place of a key in this list, from 1; 0 = none
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
-- INCLUDE lua/key-at
-- INCLUDE consumers/write-to-consumers
-- INCLUDE event-log/delivered
-- INCLUDE event-log/claim
-- INCLUDE event-log/append-to-feed
-- INCLUDE event-log/users-known
-- COST O((events + deliveries) * log(most))

local call = redis.call
local ofAll, ofUnsettled, ofOthers, undelivered, fresh = {}, {}, {}, {}, {}
local isFirst = call('EXISTS', all) == 0
for place = 1, #KEYS - others + 1 do ofOthers[place] = {} end

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
