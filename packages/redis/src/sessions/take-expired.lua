-- Takes out sessions whose time is over.
-- KEY byExpiry  sorted set of sessions by the end of their time
-- ARG prefix    of records
-- ARG most      sessions at once
-- RETURN how many were taken, how many of them are open: nobody completed, refused or cancelled them
-- INCLUDE lua/now
-- COST O(most * log(sessions))

local due = redis.call('ZRANGEBYSCORE', byExpiry, '-inf', text(now), 'LIMIT', 0, most)
if #due == 0 then return { 0, 0 } end
redis.call('ZREM', byExpiry, unpack(due))
local open = 0
for _, id in ipairs(due) do
  if redis.call('HGET', prefix .. id, 'status') == 'open' then open = open + 1 end
end
return { #due, open }
