-- `appendToFeed(stream, ended, ids, nowMs, life, most)`: appends ids of events to the feed of a shard, in this order.
-- Whole nodes of the stream are trimmed, a hundred entries each, once for each hundred: up to two hundred entries late.
local function appendToFeed(stream, ended, ids, nowMs, life, most)
  if #ids == 0 then return end
  local last = redis.call('GET', ended)
  -- Nobody knows how a feed without its end went on: it begins anew, and its readers see that.
  if not last then redis.call('UNLINK', stream) end
  local ms, number = string.match(last or '0-0', '^(%d+)-(%d+)$')
  ms, number = math.max(nowMs, tonumber(ms)), tonumber(number)
  for _, id in ipairs(ids) do
    number = number + 1
    last = string.format('%.0f-%.0f', ms, number)
    redis.call('XADD', stream, last, 'id', id)
  end
  redis.call('SET', ended, last, 'EX', life)
  redis.call('EXPIRE', stream, life)
  if math.floor(number / 100) == math.floor((number - #ids) / 100) then return end
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', nowMs - life * 1000))
  redis.call('XTRIM', stream, 'MAXLEN', '~', string.format('%.0f', most))
end
