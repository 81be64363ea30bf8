-- Reads why jobs have failed, newest first.
-- KEY failed  sorted set of failed jobs
-- ARG prefix  of jobs
-- ARG first   rank
-- ARG last    rank
-- RETURN the reasons; 'unknown' = a job has none
-- COST O(last - first)

local reasons = {}
for index, id in ipairs(redis.call('ZREVRANGE', failed, first, last)) do
  reasons[index] = redis.call('HGET', prefix .. id, 'failedReason') or 'unknown'
end
return reasons
