-- Stores a new authorization, and marks its code as exchanged. The generation is incremented, so that the commit of a
-- running refresh is refused. The token that WeChat issued last is the account's current one: if another exchange or a
-- refresh has stored tokens since this code was claimed, the order is unknown. Then no token is stored, and the next
-- read refreshes it.
-- KEY authorizer     hash of the account
-- KEY accessToken
-- KEY due            schedule: subjects by the time of their next refresh
-- KEY authorizers    sorted set of all appids, all scores 0
-- KEY exchange       hash of the code
-- KEY refreshTokens  list of earlier refresh tokens, sealed
-- KEY refreshError   of the last refresh
-- KEY history        list of changes of the permission sets
-- KEY groups         hash of groups of accounts
-- KEY members        sorted set of `group appid`, all scores 0
-- ARG appid
-- ARG codeHash
-- ARG owner          of the claim of the code
-- ARG createTime     of WeChat's push, in s, or ''
-- ARG token          '' = none
-- ARG leftMs         life of the token
-- ARG lifetime       of the token, in s
-- ARG refreshToken   sealed, or ''
-- ARG funcInfo       func_info, or '' (an authorized account keeps its own)
-- ARG dueInMs
-- ARG codeTtl        in s
-- ARG pushedAs       `authorized` or `updateauthorized`, '' = the account's earlier status decides
-- RETURN 1 = saved; 0 = a newer `unauthorized` is stored
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts) + history)

-- A profile may be read this long before the time of an authorization: the code of a browser has no time of its own,
-- and WeChat's clock differs from ours.
local PROFILE_BEFORE_MS = 60000
local created = tonumber(createTime)
local code = redis.call('HMGET', exchange, 'state', 'savedBy', 'claimedAtMs')
-- A repeat by the driver after a lost reply.
if code[1] == 'exchanged' and code[2] == owner then return 1 end
local claimedAt = tonumber(code[3] or '0')
local known = redis.call('HMGET', authorizer, 'status', 'revokedAtSeconds', 'refreshToken', 'createdAtMs',
  'authorizedAtSeconds', 'savedAtMs', 'revokedRecordedAtMs', 'refreshedAtMs', 'openFence', 'doubtUntilMs', 'funcInfo')
local authorizedAt = created or math.floor(now / 1000)
if known[1] ~= 'revoked' then authorizedAt = math.max(authorizedAt, tonumber(known[5] or '0')) end
if created and known[2] and tonumber(known[2]) > created then return 0 end
-- The code of a browser has no time: an `unauthorized` that arrived during the exchange counts as newer.
if not created and known[7] and tonumber(known[7]) >= claimedAt then return 0 end
if known[3] and known[3] ~= '' then
  redis.call('LPUSH', refreshTokens, known[3])
  redis.call('LTRIM', refreshTokens, 0, 4)
end
redis.call('HINCRBY', authorizer, 'generation', 1)
redis.call('HINCRBY', authorizer, 'version', 1)
redis.call('HSET', authorizer, 'status', 'active', 'authorizedAtSeconds', text(authorizedAt), 'authorizedBy',
  string.sub(codeHash, 1, 32), 'refreshToken', refreshToken, 'updatedAtMs', text(now), 'refreshedAtMs', '0',
  'savedAtMs', text(now))
if not known[4] then redis.call('HSET', authorizer, 'createdAtMs', text(now)) end
redis.call('HDEL', authorizer, 'revokedAtSeconds', 'revokedRecordedAtMs')
local wasAuthorized = known[1] and known[1] ~= 'revoked'
local isNamed = funcInfo ~= ''
local cause = pushedAs
if cause == '' then cause = wasAuthorized and 'updateauthorized' or 'authorized' end
local before = wasAuthorized and setsOf(known[11]) or {}
-- Without sets in WeChat's answer the profile brings them later.
local after = isNamed and setsOf(funcInfo) or before
if isNamed then redis.call('HSET', authorizer, 'funcInfo', funcInfo)
elseif not wasAuthorized then redis.call('HSET', authorizer, 'funcInfo', '[]') end
local entry = { cause = cause, code = string.sub(codeHash, 1, 32), unsettled = not isNamed or nil }
local authorizedAtMs = created and created * 1000 or claimedAt
if not (isNamed and claimSync(history, entry, before, after, authorizedAtMs - PROFILE_BEFORE_MS)) then
  remember(history, entry, before, after)
end
local overlaps = known[6] and tonumber(known[6]) >= claimedAt or tonumber(known[8] or '0') >= claimedAt
if token ~= '' and not overlaps then
  local lifeMs = math.max(tonumber(leftMs), 1)
  redis.call('SET', accessToken, token, 'PX', lifeMs)
  redis.call('HSET', authorizer, 'expiresAtMs', text(now + lifeMs), 'lifetimeSeconds', lifetime)
else
  redis.call('DEL', accessToken)
  redis.call('HSET', authorizer, 'expiresAtMs', '0', 'lifetimeSeconds', '0')
end
redis.call('DEL', refreshError)
redis.call('HDEL', authorizer, 'failedInRow')
local dueAt = now + tonumber(dueInMs)
if overlaps or known[9] then dueAt = now end
if tonumber(known[10] or '0') > now then dueAt = math.min(dueAt, tonumber(known[10])) end
redis.call('ZADD', due, text(dueAt), appid)
redis.call('ZADD', authorizers, 0, appid)
redis.call('HSET', exchange, 'state', 'exchanged', 'savedBy', owner, 'appid', appid)
redis.call('EXPIRE', exchange, codeTtl)
regroup(authorizer, groups, members, appid)
return 1
