-- Adds the counts of a process. A repeated write is counted once.
-- KEY refused        hash of the last refused push by code
-- ARG process
-- ARG number         of the write
-- ARG hourLife       in s
-- ARG refusedLife    in s
-- EACH KEY hour      hash of counts
-- MORE ARGS counts   for each row an `hour`, followed by `count` fields and counts; then the `refusal` records
-- RECORD hour: count
-- RECORD refusal: code, atMs, address
-- RETURN 1
-- COST O(counts)

local call = redis.call
local at = counts
for _, hour in each() do
  local first, count = readHour(at)
  at = first + 2 * count
  -- A write is repeated when its answer was lost.
  if tonumber(number) > tonumber(call('HGET', hour, process) or '0') then
    for place = first, at - 1, 2 do call('HINCRBY', hour, ARGV[place], ARGV[place + 1]) end
    call('HSET', hour, process, number)
    call('EXPIRE', hour, hourLife)
  end
end
local hasRefusals = at <= #ARGV
while at <= #ARGV do
  local next, code, atMs, address = readRefusal(at)
  local known = call('HGET', refused, code)
  if not known or tonumber(string.match(known, '^%d+')) <= tonumber(atMs) then
    call('HSET', refused, code, atMs .. ' ' .. address)
  end
  at = next
end
if hasRefusals then call('EXPIRE', refused, refusedLife) end
return 1
