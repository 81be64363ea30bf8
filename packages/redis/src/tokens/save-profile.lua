-- Stores the answer of api_get_authorizer_info. Sets that differ from the stored ones are a change without a push.
-- KEY authorizer  hash of the account
-- KEY history     list of changes of the permission sets
-- KEY userNames   hash of appids by original id
-- KEY groups      hash of groups of accounts
-- KEY members     sorted set of `group appid`, all scores 0
-- KEY names       sorted set by which names are found
-- ARG appid
-- ARG profile     JSON
-- ARG funcInfo    func_info, '' = keep the stored one
-- ARG userName    original id, or ''
-- ARG nick        searchable
-- ARG principal   searchable
-- RETURN 1
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts))

local known = redis.call('HMGET', authorizer, 'status', 'funcInfo')
redis.call('HSET', authorizer, 'profile', profile, 'updatedAtMs', text(now))
if userName ~= '' then redis.call('HSET', userNames, userName, appid) end
rename(authorizer, names, appid, nick, principal)
if funcInfo == '' then return 1 end
redis.call('HSET', authorizer, 'funcInfo', funcInfo)
regroup(authorizer, groups, members, appid)
if not known[1] or known[1] == 'revoked' then return 1 end
local before, after = setsOf(known[2]), setsOf(funcInfo)
local newest = redis.call('LINDEX', history, 0)
local entry = newest and cjson.decode(newest)
if entry and entry.unsettled then
  entry.unsettled = nil
  entry.added, entry.removed = missingFrom(after, before), missingFrom(before, after)
  redis.call('LSET', history, 0, cjson.encode(entry))
elseif missingFrom(after, before) ~= missingFrom(before, after) then
  remember(history, { cause = 'sync' }, before, after)
end
return 1
