-- Stores the time and the cause from WeChat's push for an authorization whose code came by a browser first.
-- KEY authorizer  hash of the account
-- KEY history     list of changes of the permission sets
-- ARG codeHash
-- ARG createTime  in s
-- ARG pushedAs    `authorized` or `updateauthorized`; '' = another push
-- RETURN 1
-- INCLUDE lua/now
-- INCLUDE tokens/history
-- COST O(history)

local code = string.sub(codeHash, 1, 32)
if redis.call('HGET', authorizer, 'authorizedBy') == code then
  redis.call('HSET', authorizer, 'authorizedAtSeconds', createTime)
end
if pushedAs ~= '' then editEntry(history, code, function(entry) entry.cause = pushedAs end) end
return 1
