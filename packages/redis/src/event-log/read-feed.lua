-- Reads the entries after one in the feed of one shard.
-- KEY feed
-- KEY feedEnd       id of the last entry
-- ARG after         id of an entry ('' = read only the end of the feed)
-- ARG afterNumber   the number in that id
-- ARG limit         entries
-- ARG maxBytes      of all events together; the first may be larger
-- ARG eventPrefix   of event keys
-- RETURN ms now, id of the last entry or '', 1 = the entry `after` exists, id of the first entry or '',
--   then for each entry: id, event as JSON ('' = the log does not have it any more)
-- INCLUDE lua/now
-- COST O(limit), and the bytes of the events

local call = redis.call
local nowMs = text(now)
local ended = call('GET', feedEnd) or ''
if after == '' or ended == after then return {nowMs, ended, 1, ''} end
local first = call('XRANGE', feed, '-', '+', 'COUNT', 1)[1]
local isThere = afterNumber ~= '0' and #call('XRANGE', feed, after, after) or 0
local answer, bytes = {nowMs, ended, isThere, first and first[1] or ''}, 0
for _, entry in ipairs(call('XRANGE', feed, '(' .. after, '+', 'COUNT', limit)) do
  local event = call('HGET', eventPrefix .. entry[2][2], 'event') or ''
  bytes = bytes + #event
  if bytes > tonumber(maxBytes) and #answer > 4 then break end
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = event
end
return answer
