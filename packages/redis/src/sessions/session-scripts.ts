// Owns: the scripts that change an authorization session. Redis' clock alone judges what has ended; each script is
// safe to run twice.
import { NOW_LUA } from '../now-script.ts'
import { script } from '../script.ts'
import { HISTORY_LUA } from '../tokens/history-script.ts'

/** Of one platform, at a time. */
const MOST_SESSIONS = 1_000_000
/** For one account: a right that is narrowed to a few never takes the others' room. */
const MOST_OF_ACCOUNT = 10_000
/** How long a session is kept after its end. */
export const KEPT_SECONDS = 30 * 86_400
/** Longer than any session is kept: its longest life, and what follows. */
const INDEX_SECONDS = 61 * 86_400
const CLICKS_PER_MINUTE = 5
const MINUTE_MS = 60_000
/** Of what leads from a click to its session. A push may wait for days in WeChat's retries, the spool and the queue. */
const CLICK_SECONDS = 7 * 86_400

/** Lua: adds a session to an index, and counts an index without those that are gone anyway. */
const INDEX_LUA = `
local function countIn(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now - ${INDEX_SECONDS * 1000}))
  return redis.call('ZCARD', key)
end
local function index(key, id, createdAt)
  countIn(key)
  redis.call('ZADD', key, createdAt, id)
  redis.call('EXPIRE', key, ${INDEX_SECONDS})
end
`

/**
 * KEYS: session, sessions, sessions of the reference, sessions of the account (sessions again when none is asked for)
 * ARGV: id, life in s, '1' when an account is asked for, then fields and values
 * -> {createdAtMs, expiresAtMs}, or false when there are too many
 */
export const createSession = script(`${NOW_LUA}${INDEX_LUA}
local known = redis.call('HMGET', KEYS[1], 'createdAtMs', 'expiresAtMs')
-- Sent twice by the driver after a lost reply.
if known[1] then return known end
if countIn(KEYS[2]) >= ${MOST_SESSIONS} then return false end
if ARGV[3] == '1' and countIn(KEYS[4]) >= ${MOST_OF_ACCOUNT} then return false end
local expiresAt = now + tonumber(ARGV[2]) * 1000
-- To the microsecond: lists are in the order of creation, also of what one caller creates within a millisecond.
local createdAt = string.format('%.3f', tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000)
redis.call('HSET', KEYS[1], 'status', 'open', 'createdAtMs', createdAt, 'expiresAtMs', text(expiresAt), unpack(ARGV, 4))
redis.call('PEXPIREAT', KEYS[1], text(expiresAt + ${KEPT_SECONDS * 1000}))
index(KEYS[2], ARGV[1], createdAt)
index(KEYS[3], ARGV[1], createdAt)
if ARGV[3] == '1' then index(KEYS[4], ARGV[1], createdAt) end
return { createdAt, text(expiresAt) }
`)

/**
 * A view of its page: notes the first one.
 * KEYS: session
 * -> nowMs and all its fields, or false
 */
export const openSession = script(`${NOW_LUA}
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('HSETNX', KEYS[1], 'openedAtMs', text(now))
return { text(now), unpack(redis.call('HGETALL', KEYS[1])) }
`)

/**
 * A click takes one of the places that a session has in each minute, whatever comes of it.
 * KEYS: session
 * -> {'taken', nowMs, fields…} | {'wait', ms until the next place} | {'over', nowMs, fields…} | {'unknown'}
 */
export const takeClick = script(`${NOW_LUA}
local known = redis.call('HMGET', KEYS[1], 'status', 'expiresAtMs', 'clicks')
if not known[1] then return { 'unknown' } end
if known[1] ~= 'open' or tonumber(known[2]) <= now then
  return { 'over', text(now), unpack(redis.call('HGETALL', KEYS[1])) }
end
local clicks = {}
for at in string.gmatch(known[3] or '', '%d+') do
  if tonumber(at) > now - ${MINUTE_MS} then clicks[#clicks + 1] = at end
end
if #clicks >= ${CLICKS_PER_MINUTE} then return { 'wait', text(tonumber(clicks[1]) + ${MINUTE_MS} - now) } end
clicks[#clicks + 1] = text(now)
redis.call('HSET', KEYS[1], 'clicks', table.concat(clicks, ','))
return { 'taken', text(now), unpack(redis.call('HGETALL', KEYS[1])) }
`)

/**
 * The two ways on which a click is found again.
 * KEYS: click, pre_auth_code
 * ARGV: session, ms of the click
 */
export const rememberClick = script(`
local value = ARGV[1] .. ' ' .. ARGV[2]
redis.call('SET', KEYS[1], value, 'EX', ${CLICK_SECONDS})
redis.call('SET', KEYS[2], value, 'EX', ${CLICK_SECONDS})
return 1
`)

/**
 * One authorization meets one session. Whichever of push and browser comes first ends it; for the other it has ended
 * already.
 * An authorization that was under way before the click is another visit's.
 * KEYS: session, code, unannounced, sessions of the account, history of the account
 * ARGV: id, appid, ms of the click, granted sets (comma-separated), start of the code's hash, the code's life in s
 * -> {'ended' | 'ended-before', nowMs, fields…}: it is this authorization's. {'other', nowMs, fields…}: it is not.
 *    {'unknown'}
 */
export const endSession = script(`${NOW_LUA}${INDEX_LUA}${HISTORY_LUA}
local id, appid = ARGV[1], ARGV[2]
local session = redis.call('HMGET', KEYS[1], 'status', 'appid', 'reference', 'createdAtMs')
if not session[1] then return { 'unknown' } end
local function answer(kind) return { kind, text(now), unpack(redis.call('HGETALL', KEYS[1])) } end
local code = redis.call('HMGET', KEYS[2], 'session', 'claimedAtMs')
if code[1] == id then return answer('ended-before') end
if code[1] or session[1] ~= 'open' then return answer('other') end
if code[2] and tonumber(code[2]) < tonumber(ARGV[3]) then return answer('other') end
redis.call('HSET', KEYS[2], 'session', id)
redis.call('EXPIRE', KEYS[2], ARGV[6])
local isForeign = session[2] and session[2] ~= appid
redis.call('HSET', KEYS[1], 'authorizedAppid', appid, 'endedAtMs', text(now),
  'status', isForeign and 'refused' or 'completed', 'grantedSets', isForeign and '' or ARGV[4])
redis.call('ZADD', KEYS[3], text(now), id)
if not isForeign then
  if not session[2] then index(KEYS[4], id, session[4]) end
  editEntry(KEYS[5], ARGV[5], function(entry)
    entry.session, entry.reference = id, session[3]
  end)
end
return answer('ended')
`)

/**
 * KEYS: session
 * -> 'cancelled' | 'refused' | 'completed' | 'unknown'
 */
export const cancelSession = script(`${NOW_LUA}
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return 'unknown' end
if status ~= 'open' then return status end
redis.call('HSET', KEYS[1], 'status', 'cancelled', 'endedAtMs', text(now))
return 'cancelled'
`)
