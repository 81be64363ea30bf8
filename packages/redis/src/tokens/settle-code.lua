-- Ends the claim of an authorization code that was not exchanged.
-- KEY code            hash of the code
-- ARG owner
-- ARG state           `refused`, `ambiguous` or `open`
-- ARG errcode
-- ARG errmsg
-- ARG isListSearched  '1' = WeChat's list was searched now
-- RETURN 1; 0 = the claim is another process'
-- INCLUDE lua/now
-- COST O(1)

local known = redis.call('HMGET', code, 'owner', 'state')
if known[1] ~= owner or known[2] ~= 'exchanging' then return 0 end
if state == 'open' then
  redis.call('DEL', code)
  return 1
end
redis.call('HSET', code, 'state', state, 'errcode', errcode, 'errmsg', errmsg)
if state == 'refused' then redis.call('HSET', code, 'refusedAtMs', text(now)) end
if isListSearched ~= '' then redis.call('HSET', code, 'listSearchedAtMs', text(now)) end
return 1
