-- Reads the records that changed after a version.
-- KEY subscriptions  hash of records
-- KEY version        counts changes
-- KEY changes        sorted set of names by version; '' = the newest, '*' = the oldest that it covers
-- ARG since          version
-- RETURN version, then name, record ('' = deleted), name, record, …; false = the changes are not known
-- COST O(changes)

local current = redis.call('GET', version) or '0'
local from, upTo = redis.call('ZSCORE', changes, '*'), redis.call('ZSCORE', changes, '')
local known = tonumber(since)
if not from or tonumber(from) > known or known > tonumber(current) or tonumber(upTo) ~= tonumber(current) then
  return false
end
local answer = {current}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', changes, '(' .. since, '+inf')) do
  if name ~= '' then
    answer[#answer + 1] = name
    answer[#answer + 1] = redis.call('HGET', subscriptions, name) or ''
  end
end
return answer
