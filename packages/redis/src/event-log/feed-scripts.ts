// Owns: what the script that records does for the feed: the ids of a shard's events in the order in which they were recorded. An entry's id is the
// millisecond of Redis, which never goes back here, and a number that counts up by one: a number that is missing shows a loss.

/**
 * `feed(stream, ended, ids, nowMs, life, most)`: appends, in this order. Whole nodes of the stream are trimmed, up to a hundred
 * entries late.
 */
export const FEED_LUA = `
local function feed(stream, ended, ids, nowMs, life, most)
  if #ids == 0 then return end
  local last = redis.call('GET', ended)
  -- Of a feed without its end nobody knows how it went on: it begins anew, and its readers see that.
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
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', nowMs - life * 1000))
  redis.call('XTRIM', stream, 'MAXLEN', '~', string.format('%.0f', most))
end
`
