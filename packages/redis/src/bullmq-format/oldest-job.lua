-- Finds when the oldest of the jobs that are due next, and of the retries that wait longest, was added.
-- KEY wait
-- KEY delayed
-- KEY prioritized
-- ARG prefix       of jobs
-- RETURN ms; -1 = there is none
-- COST O(1): at most 502 jobs

local call = redis.call
local oldest = -1
local function look(ids)
  for _, id in ipairs(ids) do
    local added = tonumber(call('HGET', prefix .. id, 'timestamp') or nil)
    if added and (oldest < 0 or added < oldest) then oldest = added end
  end
end
look(call('LRANGE', wait, -1, -1))
look(call('ZRANGE', delayed, 0, 249))
look(call('ZRANGE', delayed, -250, -1))
look(call('ZRANGE', prioritized, 0, 0))
return tostring(oldest)
