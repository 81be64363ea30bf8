-- Removes the first jobs of a list, and the list when it has no more.
-- KEY list    list or sorted set
-- ARG prefix  of the queue's keys
-- ARG limit   of jobs
-- RETURN 1 = there may be more, else 0
-- COST O(limit)

local call = redis.call
local last = limit - 1
local kind = call('TYPE', list).ok
local ids
if kind == 'list' then ids = call('LRANGE', list, 0, last)
elseif kind == 'zset' then ids = call('ZRANGE', list, 0, last)
else
  call('UNLINK', list)
  return 0
end
for _, id in ipairs(ids) do
  local key = prefix .. id
  if call('TYPE', key).ok == 'hash' then
    local deduplication = call('HGET', key, 'deid')
    if deduplication then call('UNLINK', prefix .. 'de:' .. deduplication, prefix .. 'dn:' .. deduplication) end
  end
  call('UNLINK', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed',
    key .. ':unsuccessful')
end
if #ids <= last then
  call('UNLINK', list)
  return 0
end
if kind == 'list' then call('LTRIM', list, last + 1, -1) else call('ZREMRANGEBYRANK', list, 0, last) end
return 1
