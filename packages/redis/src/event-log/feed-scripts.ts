// Owns: the scripts of the feed: the ids of a shard's events in the order in which they were recorded. An entry's id is the
// millisecond of Redis, which never goes back here, and a number that counts up by one: a missing one shows a loss.
import { script } from '../script.ts'

/**
 * `feed(stream, ended, ids, nowMs, life, most)`: appends, in this order. Whole nodes of the stream are trimmed, a hundred entries
 * each: looked at once for each hundred, so up to two hundred entries late.
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
  if math.floor(number / 100) == math.floor((number - #ids) / 100) then return end
  redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', nowMs - life * 1000))
  redis.call('XTRIM', stream, 'MAXLEN', '~', string.format('%.0f', most))
end
`

/**
 * What follows in one shard.
 * KEYS: feed, end of the feed
 * ARGV: an entry's id ('' = only the end is wanted), its number alone, most entries, most bytes beside the first, prefix of event keys
 * -> ms now, id of the last entry or '', 1 = the entry that was asked for is there, id of the first entry or '', then in turn: id,
 *    event as JSON, '' when the log has lost it
 */
export const readFeed = script(`
local call = redis.call
local time = call('TIME')
local nowMs = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local ended = call('GET', KEYS[2]) or ''
if ARGV[1] == '' or ended == ARGV[1] then return {nowMs, ended, 1, ''} end
local first = call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local isThere = ARGV[2] ~= '0' and #call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) or 0
local answer, bytes = {nowMs, ended, isThere, first and first[1] or ''}, 0
for _, entry in ipairs(call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[3])) do
  local event = call('HGET', ARGV[5] .. entry[2][2], 'event') or ''
  bytes = bytes + #event
  if bytes > tonumber(ARGV[4]) and #answer > 4 then break end
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = event
end
return answer
`)
