-- Ends an authorization: removes its tokens and its entry in the schedule, and invalidates running refreshes. The hash
-- stays with the time of the revocation, so that late events are recognized.
-- KEY authorizer     hash of the account
-- KEY accessToken
-- KEY due            schedule: subjects by the time of their next refresh
-- KEY authorizers    sorted set of all appids, all scores 0
-- KEY refreshTokens  list of earlier refresh tokens, sealed
-- KEY lease          of a refresh
-- KEY jsapiTicket
-- KEY cardTicket
-- KEY history        list of changes of the permission sets
-- KEY groups         hash of groups of accounts
-- KEY members        sorted set of `group appid`, all scores 0
-- ARG appid
-- ARG since          CreateTime in s; the generation when `by` is `generation`
-- ARG by             `event`, `confirmed` or `generation`
-- RETURN 'revoked'; 'ignored' = the authorization is newer, or of another generation; 'equal' = both in the same
--   second, so WeChat has to be called
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts) + history)

local at = tonumber(since)
local known = redis.call('HMGET', authorizer, 'status', 'authorizedAtSeconds', 'generation', 'revokedAtSeconds',
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
if known[1] ~= 'revoked' then remember(history, { cause = 'unauthorized' }, setsOf(known[5]), {}) end
redis.call('DEL', accessToken, refreshTokens, lease, jsapiTicket, cardTicket)
redis.call('ZREM', due, appid)
redis.call('HINCRBY', authorizer, 'generation', 1)
redis.call('HDEL', authorizer, 'openFence', 'doubtUntilMs', 'failedInRow')
redis.call('HSET', authorizer, 'status', 'revoked', 'revokedAtSeconds', text(at), 'revokedRecordedAtMs', text(now),
  'refreshToken', '', 'expiresAtMs', '0', 'updatedAtMs', text(now))
redis.call('HSETNX', authorizer, 'authorizedAtSeconds', text(at))
redis.call('HSETNX', authorizer, 'createdAtMs', text(now))
redis.call('ZADD', authorizers, 0, appid)
regroup(authorizer, groups, members, appid)
return 'revoked'
