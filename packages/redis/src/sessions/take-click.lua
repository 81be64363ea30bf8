-- Takes one of the clicks that a session has per minute. It counts even if the click fails later.
-- KEY record  hash of the session
-- RETURN {'taken', nowMs, fields…}; {'wait', ms until the next click}; {'over', nowMs, fields…}; {'unknown'}
-- INCLUDE lua/now
-- COST O(fields)

local CLICKS_PER_MINUTE = 5
local MINUTE_MS = 60000
local known = redis.call('HMGET', record, 'status', 'expiresAtMs', 'clicks')
if not known[1] then return { 'unknown' } end
if known[1] ~= 'open' or tonumber(known[2]) <= now then
  return { 'over', text(now), unpack(redis.call('HGETALL', record)) }
end
local clicks = {}
for at in string.gmatch(known[3] or '', '%d+') do
  if tonumber(at) > now - MINUTE_MS then clicks[#clicks + 1] = at end
end
if #clicks >= CLICKS_PER_MINUTE then return { 'wait', text(tonumber(clicks[1]) + MINUTE_MS - now) } end
clicks[#clicks + 1] = text(now)
redis.call('HSET', record, 'clicks', table.concat(clicks, ','))
return { 'taken', text(now), unpack(redis.call('HGETALL', record)) }
