-- Ends a session by one authorization: by its push or by the browser's return, whichever comes first. An authorization
-- whose code was claimed before the click belongs to another session.
-- KEY record       hash of the session
-- KEY exchange     hash of the authorization code
-- KEY unannounced  sorted set of ended sessions whose event was not emitted yet
-- KEY ofAccount    sorted set of the sessions of the account
-- KEY history      of the account
-- ARG id
-- ARG appid
-- ARG clickedAtMs
-- ARG grantedSets  ids, comma-separated
-- ARG codeStart    first characters of the hash of the code
-- ARG codeTtl      in s
-- RETURN {'ended' or 'ended-before', nowMs, fields…} = ended by this authorization; {'other', nowMs, fields…} = not
--   by it; {'unknown'}
-- INCLUDE sessions/session-index
-- INCLUDE tokens/history
-- COST O(fields + history)

local session = redis.call('HMGET', record, 'status', 'appid', 'reference', 'createdAtMs')
if not session[1] then return { 'unknown' } end
local function answer(kind) return { kind, text(now), unpack(redis.call('HGETALL', record)) } end
local code = redis.call('HMGET', exchange, 'session', 'claimedAtMs')
if code[1] == id then return answer('ended-before') end
if code[1] or session[1] ~= 'open' then return answer('other') end
if code[2] and tonumber(code[2]) < tonumber(clickedAtMs) then return answer('other') end
redis.call('HSET', exchange, 'session', id)
redis.call('EXPIRE', exchange, codeTtl)
local isForeign = session[2] and session[2] ~= appid
redis.call('HSET', record, 'authorizedAppid', appid, 'endedAtMs', text(now),
  'status', isForeign and 'refused' or 'completed', 'grantedSets', isForeign and '' or grantedSets)
redis.call('ZADD', unannounced, text(now), id)
if not isForeign then
  if not session[2] then index(ofAccount, id, session[4]) end
  editEntry(history, codeStart, function(entry)
    entry.session, entry.reference = id, session[3]
  end)
end
return answer('ended')
