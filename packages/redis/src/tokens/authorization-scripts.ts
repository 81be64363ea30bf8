// Owns: the scripts that begin, end and judge an authorization. What WeChat's events say is judged by their CreateTime.
import { NOW_LUA } from '../now-script.ts'
import { script } from '../script.ts'
import { HISTORY_LUA } from './history-script.ts'
import { INDEX_LUA } from './index-script.ts'

/** A browser's code does not say when the account authorized, and WeChat's clock is not ours. */
const PROFILE_BEFORE_MS = 60_000

/**
 * Stores a new authorization, and that its code is spent, in one step. A new generation: what an older one has in flight is refused.
 *
 * What WeChat issues last is the account's current token. Tokens that another exchange or a refresh has stored since this code was
 * claimed may have been issued before ours or after it: then ours is not stored, and whoever reads the token next refreshes it. A
 * refresh that is still under way is refused by the new generation and begins again, or leaves the schedule to find out.
 * KEYS: authorizer, token, due, authorizers, code, list of refresh tokens, refresh error, history, groups, accounts by group
 * ARGV: appid, code hash, owner of the claim, CreateTime in s or '', token or '', life left in ms, lifetime in s,
 *   sealed refresh token or '', func_info or '' (what an account that is authorized has stays), due in ms, code's TTL
 * in s,
 *   `authorized` or `updateauthorized` as WeChat's push says, or '' = by what was there before
 * -> 1 saved, 0 a newer `unauthorized` is known
 */
export const saveAuthorization = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
local appid, codeHash, owner, created, token = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local code = redis.call('HMGET', KEYS[5], 'state', 'savedBy', 'claimedAtMs')
-- Sent twice by the driver after a lost reply.
if code[1] == 'exchanged' and code[2] == owner then return 1 end
local claimedAt = tonumber(code[3] or '0')
local known = redis.call('HMGET', KEYS[1], 'status', 'revokedAtSeconds', 'refreshToken', 'createdAtMs', 'authorizedAtSeconds', 'savedAtMs',
  'revokedRecordedAtMs', 'refreshedAtMs', 'openFence', 'doubtUntilMs', 'funcInfo')
local authorizedAt = created or math.floor(now / 1000)
if known[1] ~= 'revoked' then authorizedAt = math.max(authorizedAt, tonumber(known[5] or '0')) end
if created and known[2] and tonumber(known[2]) > created then return 0 end
-- A browser's code has no time of its own: an \`unauthorized\` that came while it was being exchanged is the newer word.
if not created and known[7] and tonumber(known[7]) >= claimedAt then return 0 end
if known[3] and known[3] ~= '' then
  redis.call('LPUSH', KEYS[6], known[3])
  redis.call('LTRIM', KEYS[6], 0, 4)
end
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'status', 'active', 'authorizedAtSeconds', text(authorizedAt), 'authorizedBy', string.sub(codeHash, 1, 32),
  'refreshToken', ARGV[8], 'updatedAtMs', text(now), 'refreshedAtMs', '0', 'savedAtMs', text(now))
if not known[4] then redis.call('HSET', KEYS[1], 'createdAtMs', text(now)) end
redis.call('HDEL', KEYS[1], 'revokedAtSeconds', 'revokedRecordedAtMs')
local wasAuthorized = known[1] and known[1] ~= 'revoked'
local isNamed = ARGV[9] ~= ''
local cause = ARGV[12]
if cause == '' then cause = wasAuthorized and 'updateauthorized' or 'authorized' end
local before = wasAuthorized and setsOf(known[11]) or {}
-- WeChat named no sets: the profile will.
local after = isNamed and setsOf(ARGV[9]) or before
if isNamed then redis.call('HSET', KEYS[1], 'funcInfo', ARGV[9])
elseif not wasAuthorized then redis.call('HSET', KEYS[1], 'funcInfo', '[]') end
local entry = { cause = cause, code = string.sub(codeHash, 1, 32), unsettled = not isNamed or nil }
local authorizedAtMs = created and created * 1000 or claimedAt
if not (isNamed and claimSync(KEYS[8], entry, before, after, authorizedAtMs - ${PROFILE_BEFORE_MS})) then
  remember(KEYS[8], entry, before, after)
end
local overlaps = known[6] and tonumber(known[6]) >= claimedAt or tonumber(known[8] or '0') >= claimedAt
if token ~= '' and not overlaps then
  local lifeMs = math.max(tonumber(ARGV[6]), 1)
  redis.call('SET', KEYS[2], token, 'PX', lifeMs)
  redis.call('HSET', KEYS[1], 'expiresAtMs', text(now + lifeMs), 'lifetimeSeconds', ARGV[7])
else
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'expiresAtMs', '0', 'lifetimeSeconds', '0')
end
redis.call('DEL', KEYS[7])
redis.call('HDEL', KEYS[1], 'failedInRow')
local dueAt = now + tonumber(ARGV[10])
if overlaps or known[9] then dueAt = now end
if tonumber(known[10] or '0') > now then dueAt = math.min(dueAt, tonumber(known[10])) end
redis.call('ZADD', KEYS[3], text(dueAt), appid)
redis.call('ZADD', KEYS[4], 0, appid)
redis.call('HSET', KEYS[5], 'state', 'exchanged', 'savedBy', owner, 'appid', appid)
redis.call('EXPIRE', KEYS[5], ARGV[11])
regroup(KEYS[1], KEYS[9], KEYS[10], appid)
return 1
`)

/**
 * Ends an authorization: its tokens, whatever is in flight, its place in the schedule. A tombstone stays, so that what
 * comes late is known to be late.
 * KEYS: authorizer, token, due, authorizers, list of refresh tokens, lease, ticket jsapi, ticket wx_card, history, groups, accounts by group
 * ARGV: appid, CreateTime in s, or generation when `by` is `generation`, by (`event` | `generation`)
 * -> 'revoked' | 'ignored' (the authorization is newer, or of another generation) | 'equal' (same second: WeChat has to be asked)
 */
export const revokeAuthorization = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
local appid, at, by = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'status', 'authorizedAtSeconds', 'generation', 'revokedAtSeconds',
  'funcInfo')
if by == 'generation' then
  if known[1] == 'revoked' or tonumber(known[3] or '-1') ~= at then return 'ignored' end
  at = math.floor(now / 1000)
elseif known[1] and known[1] ~= 'revoked' then
  local authorizedAt = tonumber(known[2] or '0')
  if authorizedAt > at then return 'ignored' end
  if authorizedAt == at and by == 'event' then return 'equal' end
elseif known[4] and tonumber(known[4]) >= at then
  return 'ignored'
end
if known[1] ~= 'revoked' then remember(KEYS[9], { cause = 'unauthorized' }, setsOf(known[5]), {}) end
redis.call('DEL', KEYS[2], KEYS[5], KEYS[6], KEYS[7], KEYS[8])
redis.call('ZREM', KEYS[3], appid)
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HDEL', KEYS[1], 'openFence', 'doubtUntilMs', 'failedInRow')
redis.call('HSET', KEYS[1], 'status', 'revoked', 'revokedAtSeconds', text(at), 'revokedRecordedAtMs', text(now), 'refreshToken', '', 'expiresAtMs', '0', 'updatedAtMs', text(now))
redis.call('HSETNX', KEYS[1], 'authorizedAtSeconds', text(at))
redis.call('HSETNX', KEYS[1], 'createdAtMs', text(now))
redis.call('ZADD', KEYS[4], 0, appid)
regroup(KEYS[1], KEYS[10], KEYS[11], appid)
return 'revoked'
`)

/**
 * KEYS: authorizer, due, lease, groups, accounts by group
 * ARGV: appid, generation, owner of the lease
 * -> 'marked' | 'known' | 'superseded' (somebody else has refreshed or authorized meanwhile)
 */
export const requireReauthorization = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
local known = redis.call('HMGET', KEYS[1], 'status', 'generation')
if known[2] ~= ARGV[2] or redis.call('GET', KEYS[3]) ~= ARGV[3] then return 'superseded' end
if known[1] ~= 'active' then return 'known' end
redis.call('HSET', KEYS[1], 'status', 'reauthorization_required', 'updatedAtMs', text(now))
redis.call('ZREM', KEYS[2], ARGV[1])
regroup(KEYS[1], KEYS[4], KEYS[5], ARGV[1])
return 'marked'
`)

/**
 * The pushed event of a code that a browser brought first.
 * KEYS: authorizer, history
 * ARGV: code hash, CreateTime in s, `authorized` or `updateauthorized`, or '' when the push is another
 */
export const confirmAuthorization = script(`${NOW_LUA}${HISTORY_LUA}
local code = string.sub(ARGV[1], 1, 32)
if redis.call('HGET', KEYS[1], 'authorizedBy') == code then
  redis.call('HSET', KEYS[1], 'authorizedAtSeconds', ARGV[2])
end
if ARGV[3] ~= '' then editEntry(KEYS[2], code, function(entry) entry.cause = ARGV[3] end) end
return 1
`)

/**
 * What api_get_authorizer_info says. Sets that differ from those that are stored are a change that no push told of.
 * KEYS: authorizer, history, original ids, groups, accounts by group, names
 * ARGV: appid, profile, func_info or '' (what is stored stays), original id or '', searchable nick name, searchable principal name
 */
export const saveProfile = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
local known = redis.call('HMGET', KEYS[1], 'status', 'funcInfo')
redis.call('HSET', KEYS[1], 'profile', ARGV[2], 'updatedAtMs', text(now))
if ARGV[4] ~= '' then redis.call('HSET', KEYS[3], ARGV[4], ARGV[1]) end
rename(KEYS[1], KEYS[6], ARGV[1], ARGV[5], ARGV[6])
if ARGV[3] == '' then return 1 end
redis.call('HSET', KEYS[1], 'funcInfo', ARGV[3])
regroup(KEYS[1], KEYS[4], KEYS[5], ARGV[1])
if not known[1] or known[1] == 'revoked' then return 1 end
local before, after = setsOf(known[2]), setsOf(ARGV[3])
local newest = redis.call('LINDEX', KEYS[2], 0)
local entry = newest and cjson.decode(newest)
if entry and entry.unsettled then
  entry.unsettled = nil
  entry.added, entry.removed = missingFrom(after, before), missingFrom(before, after)
  redis.call('LSET', KEYS[2], 0, cjson.encode(entry))
elseif missingFrom(after, before) ~= missingFrom(before, after) then
  remember(KEYS[2], { cause = 'sync' }, before, after)
end
return 1
`)

/**
 * What WeChat's own list says of an authorizer: adds what is missing, repairs a lost refresh token, never overwrites a
 * working one, never revokes.
 * KEYS: authorizer, due, authorizers, history, groups, accounts by group
 * ARGV: appid, auth_time in s, sealed refresh token or ''
 * -> 'added' | 'repaired' | 'known' | 'revoked' (an `unauthorized` newer than auth_time is known)
 */
export const reconcileAuthorizer = script(`${NOW_LUA}${HISTORY_LUA}${INDEX_LUA}
local appid, authTime, sealed = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local known = redis.call('HMGET', KEYS[1], 'status', 'refreshToken', 'revokedAtSeconds')
local outcome = 'added'
-- A process of an earlier version may have changed the account.
regroup(KEYS[1], KEYS[5], KEYS[6], appid)
if known[1] == 'revoked' then
  if tonumber(known[3] or '0') >= authTime then return 'revoked' end
elseif known[1] == 'active' and known[2] and known[2] ~= '' then
  return 'known'
elseif known[1] then
  if sealed == '' then return 'known' end
  outcome = 'repaired'
end
redis.call('HINCRBY', KEYS[1], 'generation', 1)
if outcome == 'added' then
  -- Which sets an account has that is authorized again is not known before its profile comes.
  redis.call('HSET', KEYS[1], 'funcInfo', '[]')
  remember(KEYS[4], { cause = 'sync', unsettled = true }, {}, {})
end
redis.call('HSET', KEYS[1], 'status', 'active', 'refreshToken', sealed, 'authorizedAtSeconds', text(authTime), 'updatedAtMs', text(now))
redis.call('HSETNX', KEYS[1], 'createdAtMs', text(now))
redis.call('HDEL', KEYS[1], 'revokedAtSeconds')
-- Without a refresh token its code may be about to be exchanged: no verdict meanwhile.
redis.call('ZADD', KEYS[2], text(now + (sealed == '' and 60000 or 0)), appid)
redis.call('ZADD', KEYS[3], 0, appid)
regroup(KEYS[1], KEYS[5], KEYS[6], appid)
return outcome
`)

/** A code that WeChat refused is not asked about again for so long, unless whoever claims it insists. */
const REFUSED_FOR_MS = 60_000
/** WeChat's list is searched for one code's account so often. */
const SEARCH_EVERY_MS = 600_000

/**
 * KEYS: code
 * ARGV: owner, lease in ms, TTL in s, '1' to claim a refused one, too
 * -> {'claimed', 'ambiguous' or '', 'searched' or ''} | {'busy'} | {'exchanged', appid} | {'refused', errcode, errmsg}
 */
export const claimCode = script(`${NOW_LUA}
local known = redis.call('HMGET', KEYS[1], 'state', 'leaseUntilMs', 'appid', 'errcode', 'errmsg', 'refusedAtMs', 'listSearchedAtMs')
if known[1] == 'exchanged' then return { 'exchanged', known[3] } end
if known[1] == 'refused' and ARGV[4] == '' and now - tonumber(known[6] or '0') < ${REFUSED_FOR_MS} then
  return { 'refused', known[4], known[5] }
end
if known[1] == 'exchanging' and tonumber(known[2]) > now then return { 'busy' } end
-- A lease that ran out: its holder may have reached WeChat.
local ambiguous = known[1] == 'exchanging' or known[1] == 'ambiguous'
local searched = known[7] and now - tonumber(known[7]) < ${SEARCH_EVERY_MS}
redis.call('HSET', KEYS[1], 'state', 'exchanging', 'owner', ARGV[1], 'claimedAtMs', text(now), 'leaseUntilMs', text(now + tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return { 'claimed', ambiguous and 'ambiguous' or '', searched and 'searched' or '' }
`)

/**
 * KEYS: code
 * ARGV: owner, state (`refused` | `ambiguous` | `open`), errcode, errmsg, '1' when WeChat's list has been searched just now
 */
export const settleCode = script(`${NOW_LUA}
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'state') ~= 'exchanging' then return 0 end
if ARGV[2] == 'open' then
  redis.call('DEL', KEYS[1])
  return 1
end
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'errcode', ARGV[3], 'errmsg', ARGV[4])
if ARGV[2] == 'refused' then redis.call('HSET', KEYS[1], 'refusedAtMs', text(now)) end
if ARGV[5] ~= '' then redis.call('HSET', KEYS[1], 'listSearchedAtMs', text(now)) end
return 1
`)
