-- Applies an entry of WeChat's list of authorizers: adds a missing account, or restores a lost refresh token. It never
-- overwrites a working one, and never revokes.
-- KEY authorizer   hash of the account
-- KEY due          schedule: subjects by the time of their next refresh
-- KEY authorizers  sorted set of all appids, all scores 0
-- KEY history      list of changes of the permission sets
-- KEY groups       hash of groups of accounts
-- KEY members      sorted set of `group appid`, all scores 0
-- ARG appid
-- ARG authTime     auth_time in s
-- ARG sealed       refresh token, or ''
-- RETURN 'added', 'repaired', 'known', or 'revoked' = an `unauthorized` newer than `authTime` is stored
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts) + history)

local authorizedAt = tonumber(authTime)
local known = redis.call('HMGET', authorizer, 'status', 'refreshToken', 'revokedAtSeconds')
local outcome = 'added'
-- A process of an earlier version may have changed the account.
regroup(authorizer, groups, members, appid)
if known[1] == 'revoked' then
  if tonumber(known[3] or '0') >= authorizedAt then return 'revoked' end
elseif known[1] == 'active' and known[2] and known[2] ~= '' then
  return 'known'
elseif known[1] then
  if sealed == '' then return 'known' end
  outcome = 'repaired'
end
redis.call('HINCRBY', authorizer, 'generation', 1)
if outcome == 'added' then
  -- The permission sets are unknown until the profile is read.
  redis.call('HSET', authorizer, 'funcInfo', '[]')
  remember(history, { cause = 'sync', unsettled = true }, {}, {})
end
redis.call('HSET', authorizer, 'status', 'active', 'refreshToken', sealed, 'authorizedAtSeconds', text(authorizedAt),
  'updatedAtMs', text(now))
redis.call('HSETNX', authorizer, 'createdAtMs', text(now))
redis.call('HDEL', authorizer, 'revokedAtSeconds')
-- Without a refresh token a refresh would mark it for reauthorization: leave a minute for the exchange of its code.
redis.call('ZADD', due, text(now + (sealed == '' and 60000 or 0)), appid)
redis.call('ZADD', authorizers, 0, appid)
regroup(authorizer, groups, members, appid)
return outcome
