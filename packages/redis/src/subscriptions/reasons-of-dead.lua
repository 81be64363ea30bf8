-- Reads why jobs are dead, newest first.
-- KEY dead    sorted set of dead letters
-- ARG prefix  of jobs
-- ARG first
-- ARG last
-- RETURN the reasons
-- COST O(last - first)

local reasons = {}
for index, id in ipairs(redis.call('ZREVRANGE', dead, first, last)) do
  reasons[index] = redis.call('HGET', prefix .. id, 'failedReason') or 'unknown'
end
return reasons
