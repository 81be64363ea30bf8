-- Adds an account to the index of accounts.
-- KEY authorizer  hash of the account
-- KEY groups      hash of groups of accounts
-- KEY members     sorted set of `group appid`, all scores 0
-- KEY names       sorted set by which names are found
-- ARG appid
-- ARG profile     JSON, from which the names are
-- ARG nick        searchable
-- ARG principal   searchable
-- RETURN 1
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts))

regroup(authorizer, groups, members, appid)
-- A profile that was stored meanwhile has its names indexed already.
if profile ~= '' and redis.call('HGET', authorizer, 'profile') == profile then
  rename(authorizer, names, appid, nick, principal)
end
return 1
