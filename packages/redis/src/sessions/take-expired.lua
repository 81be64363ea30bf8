-- Removes expired sessions from the index of expiries.
-- KEY byExpiry  sorted set of sessions by expiry
-- ARG prefix    of records
-- ARG limit     of sessions
-- RETURN how many were removed, and how many of these are open: not completed, refused or cancelled
-- INCLUDE lua/now
-- COST O(limit * log(sessions))

local due = redis.call('ZRANGEBYSCORE', byExpiry, '-inf', text(now), 'LIMIT', 0, limit)
if #due == 0 then return { 0, 0 } end
redis.call('ZREM', byExpiry, unpack(due))
local open = 0
for _, id in ipairs(due) do
  if redis.call('HGET', prefix .. id, 'status') == 'open' then open = open + 1 end
end
return { #due, open }
