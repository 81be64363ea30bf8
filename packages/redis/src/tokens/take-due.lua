-- Takes due subjects, the soonest to expire first, and postpones them. It reads hashes of authorizers by their prefix;
-- they share the hash tag.
-- KEY due               schedule: subjects by the time of their next refresh
-- KEY schedulePause     hash; none = the schedule runs
-- KEY authorizerPrefix  of authorizers' hashes
-- ARG limit
-- ARG retryMs
-- ARG seed
-- ARG component         subject of the component
-- RETURN {reason of the pause or '', …subjects}
-- INCLUDE lua/now
-- COST O(scanned subjects * log(accounts)); at most 5,000 are scanned

-- While the daily quota is used up, only tokens with less life left than this are refreshed.
local URGENT_MS = 600000
-- Due subjects per scan, of which the soonest to expire are taken.
local CANDIDATES = 500
-- Scans per call. The next call continues.
local MAX_SCANS = 10
local limit, retryMs = tonumber(limit), tonumber(retryMs)
math.randomseed(tonumber(seed))
local pause = redis.call('HMGET', schedulePause, 'reason', 'untilMs', 'probeEveryMs')
local reason = pause[1] or ''
local urgentOnly = reason == 'quota-day'
if reason ~= '' and not urgentOnly then
  if now < tonumber(pause[2]) then return { reason } end
  limit = 1
end
local function expiresAt(subject)
  -- The component first: authorizers' refreshes need its token.
  if subject == component then return 0 end
  return tonumber(redis.call('HGET', authorizerPrefix .. subject, 'expiresAtMs') or '0')
end
local found = {}
for _ = 1, MAX_SCANS do
  local subjects = redis.call('ZRANGEBYSCORE', due, '-inf', text(now), 'LIMIT', 0, CANDIDATES)
  local postponed = 0
  found = {}
  for _, subject in ipairs(subjects) do
    -- If all are taken, their order does not matter.
    local at = (#subjects <= limit and not urgentOnly) and 0 or expiresAt(subject)
    if urgentOnly and at - now > URGENT_MS then
      redis.call('ZADD', due, text(at - URGENT_MS + math.random() * 60000), subject)
      postponed = postponed + 1
    else
      found[#found + 1] = { subject, at }
    end
  end
  if #found >= limit or postponed == 0 or #subjects < CANDIDATES then break end
end
table.sort(found, function(left, right) return left[2] < right[2] end)
local taken = { reason }
for index = 1, math.min(limit, #found) do
  local subject = found[index][1]
  redis.call('ZADD', due, text(now + retryMs * (1 + math.random() * 0.5)), subject)
  taken[#taken + 1] = subject
end
-- This call has the probe of the pause: set the time of the next one.
if limit == 1 and #taken > 1 and reason ~= '' and not urgentOnly then
  redis.call('HSET', schedulePause, 'untilMs', text(now + tonumber(pause[3])))
  redis.call('PEXPIRE', schedulePause, tonumber(pause[3]) + 600000)
end
return taken
