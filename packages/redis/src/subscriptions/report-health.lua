-- Counts the outcomes of attempts, opens and closes the breakers of subscriptions, and stores announcements. Reports of
-- deleted subscriptions are ignored.
-- KEY failing          sorted set of subscriptions whose breaker is not closed
-- KEY announcements    hash
-- KEY subscriptions    hash of records
-- ARG opensAfter       failures
-- ARG life             of the health, in s
-- ARG countsLife       of the counts, in s
-- EACH KEY health      hash of the subscription
-- EACH KEY counts      hash of its counts
-- EACH KEY failedKeys  set of its ordering keys that failed
-- MORE ARGS reports    for each row a record, followed by `count` fields and counts
-- RECORD report: name, age, failed, orderingKey, eventId, count
-- RETURN for each row: failures in a row, time of the first one, 1 = an announcement was stored, failures that count
--   for the breaker
-- INCLUDE lua/now
-- INCLUDE subscriptions/breaker
-- COST O(counts + log(failing subscriptions))

local call = redis.call

local function announce(id, kind, name, failures, since, lastError)
  local about = {kind = kind, subscription = name, failures = failures, sinceMs = since, lastError = lastError}
  call('HSET', announcements, id .. '-' .. kind, cjson.encode(about))
end

local function isNewKey(keys, key)
  if key == '' then return true end
  if call('SISMEMBER', keys, key) == 1 then return false end
  -- 500 keys reach the longest pause, so more need not be stored.
  if call('SCARD', keys) < 500 then call('SADD', keys, key) end
  call('EXPIRE', keys, life)
  return true
end

local answers, at = {}, reports
for index, health, counts, failedKeys in each() do
  -- `age`: of the last success in ms ('' = none). `failed`: error of a failure ('' = none), with its ordering key or
  -- ''.
  local first, name, age, failed, orderingKey, eventId, count = readReport(at)
  at = first + 2 * count
  if call('HEXISTS', subscriptions, name) == 0 then
    answers[index] = {0, now, 0, 0}
  else
    for place = first, at - 1, 2 do call('HINCRBY', counts, ARGV[place], ARGV[place + 1]) end
    if at > first then call('EXPIRE', counts, countsLife) end
    local known = call('HMGET', health, 'failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'lastError',
      'opening')
    local failures, since, announcedAt = tonumber(known[1] or 0), tonumber(known[2] or now), tonumber(known[4] or nil)
    local announces, opening = 0, tonumber(known[6] or 0)
    if age ~= '' then
      local succeededAt = now - age
      call('HSET', health, 'lastSuccessAtMs', succeededAt)
      if failures > 0 and succeededAt >= tonumber(known[3]) then
        if announcedAt then
          announce(eventId, 'recovered', name, failures, since, known[5])
          announces = 1
        end
        call('HDEL', health, 'failures', 'sinceMs', 'lastFailureAtMs', 'announcedAtMs', 'pauseUntilMs', 'probeUntilMs',
          'opening')
        call('ZREM', failing, name)
        call('UNLINK', failedKeys)
        failures, since, announcedAt, opening = 0, now, nil, 0
      end
    end
    if failed ~= '' then
      failures = failures + 1
      if isNewKey(failedKeys, orderingKey) then opening = opening + 1 end
      call('HSET', health, 'failures', failures, 'opening', opening, 'sinceMs', since, 'lastFailureAtMs', now,
        'lastError', failed, 'pauseUntilMs', now + pauseAfter(opening))
      call('HDEL', health, 'probeUntilMs')
      if opening >= tonumber(opensAfter) then call('ZADD', failing, since, name) end
      if failures == 50 or failures == 100 or (announcedAt and now - announcedAt >= 86400000) then
        announce(eventId, 'failing', name, failures, since, failed)
        call('HSET', health, 'announcedAtMs', now)
        announces = 1
      end
    end
    call('EXPIRE', health, life)
    answers[index] = {failures, since, announces, opening}
  end
end
return answers
