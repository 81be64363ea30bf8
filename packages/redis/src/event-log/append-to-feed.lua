-- `appendToFeed(stream, endKey, ids, nowMs, life, maxEvents)`: appends ids of events to the feed of a shard, in this
-- order. It trims once per hundred entries, and only whole nodes of a hundred: the feed may have 200 entries too many.
local function appendToFeed(stream, endKey, ids, nowMs, life, maxEvents)
  if #ids == 0 then return end
  local last = redis.call('GET', endKey)
  -- Without its end the next number is unknown: the feed is restarted, which its readers detect.
  if not last then redis.call('UNLINK', stream) end
  local ms, number = string.match(last or '0-0', '^(%d+)-(%d+)$')
  ms, number = math.max(nowMs, tonumber(ms)), tonumber(number)
  for _, id in ipairs(ids) do
    number = number + 1
    last = string.format('%.0f-%.0f', ms, number)
    redis.call('XADD', stream, last, 'id', id)
  end
  redis.call('SET', endKey, last, 'EX', life)
  redis.call('EXPIRE', stream, life)
  if math.floor(number / 100) == math.floor((number - #ids) / 100) then return end
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', nowMs - life * 1000))
  redis.call('XTRIM', stream, 'MAXLEN', '~', string.format('%.0f', maxEvents))
end
