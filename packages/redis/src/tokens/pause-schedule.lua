-- Pauses the schedule of a platform on all workers.
-- KEY schedulePause  hash; none = the schedule runs
-- ARG reason
-- ARG probeEveryMs   0 for the quotas
-- ARG seed
-- ARG address        our address that WeChat refused, or ''
-- RETURN 1; 0 = it is paused already
-- INCLUDE lua/now
-- COST O(1)

math.randomseed(tonumber(seed))
local known = redis.call('HGET', schedulePause, 'reason')
if known == reason then return 0 end
-- The daily quota lasts longer than the minute's.
if known == 'quota-day' and reason == 'quota-minute' then return 0 end
local waitMs, keptMs = tonumber(probeEveryMs), tonumber(probeEveryMs) + 600000
if reason == 'quota-minute' then
  waitMs = 60000 - now % 60000 + math.floor(math.random() * 5000)
  keptMs = waitMs
elseif reason == 'quota-day' then
  waitMs = 86400000 - (now + 8 * 3600000) % 86400000 + math.floor(math.random() * 600000)
  keptMs = waitMs
end
redis.call('HSET', schedulePause, 'reason', reason, 'untilMs', text(now + waitMs), 'probeEveryMs', probeEveryMs,
  'address', address)
redis.call('PEXPIRE', schedulePause, keptMs)
return 1
