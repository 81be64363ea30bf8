-- Adds a job with its fields and state from another queue, unless a job with its id exists.
-- KEY job
-- KEY into     list or sorted set
-- KEY meta
-- KEY marker
-- KEY delayed
-- ARG id
-- ARG state    `wait`, `delayed`, `prioritized` or `failed`
-- ARG score    or ''
-- MORE ARGS fields  field, value … of the job
-- RETURN 1 = added, else 0
-- COST O(log(jobs))

local call = redis.call
if call('EXISTS', job) == 1 then return 0 end
call('HSET', job, unpack(ARGV, fields))
if state == 'wait' then call('LPUSH', into, id) else call('ZADD', into, score, id) end
if call('HEXISTS', meta, 'paused') == 1 then return 1 end
if state == 'delayed' then
  local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  call('ZADD', marker, first[2] / 0x1000, '1')
elseif state ~= 'failed' then
  call('ZADD', marker, 0, '0')
end
return 1
