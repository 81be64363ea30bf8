-- Marks an account whose refresh token WeChat refuses: it has to authorize again.
-- KEY authorizer  hash of the account
-- KEY due         schedule: subjects by the time of their next refresh
-- KEY lease       of a refresh
-- KEY groups      hash of groups of accounts
-- KEY members     sorted set of `group appid`, all scores 0
-- ARG appid
-- ARG generation
-- ARG owner       of the lease
-- RETURN 'marked'; 'known' = was marked or revoked; 'superseded' = a refresh or an authorization was stored meanwhile
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts))

local known = redis.call('HMGET', authorizer, 'status', 'generation')
if known[2] ~= generation or redis.call('GET', lease) ~= owner then return 'superseded' end
if known[1] ~= 'active' then return 'known' end
redis.call('HSET', authorizer, 'status', 'reauthorization_required', 'updatedAtMs', text(now))
redis.call('ZREM', due, appid)
regroup(authorizer, groups, members, appid)
return 'marked'
