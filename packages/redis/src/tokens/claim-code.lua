-- Takes the lease of an authorization code, so that one process exchanges it.
-- KEY code     hash of the code
-- ARG owner
-- ARG leaseMs
-- ARG ttl      of the hash, in s
-- ARG insists  '1' = claim a refused code, too
-- RETURN {'claimed', 'ambiguous' or '', 'searched' or ''}; {'busy'}; {'exchanged', appid}; {'refused', errcode, errmsg}
-- INCLUDE lua/now
-- COST O(1)

-- For this time a refused code is not exchanged again, unless `insists`.
local REFUSED_FOR_MS = 60000
-- For this time WeChat's list is not searched again for the account of one code.
local SEARCH_EVERY_MS = 600000
local known = redis.call('HMGET', code, 'state', 'leaseUntilMs', 'appid', 'errcode', 'errmsg', 'refusedAtMs',
  'listSearchedAtMs')
if known[1] == 'exchanged' then return { 'exchanged', known[3] } end
if known[1] == 'refused' and insists == '' and now - tonumber(known[6] or '0') < REFUSED_FOR_MS then
  return { 'refused', known[4], known[5] }
end
if known[1] == 'exchanging' and tonumber(known[2]) > now then return { 'busy' } end
-- The lease has expired: its owner may have exchanged the code.
local ambiguous = known[1] == 'exchanging' or known[1] == 'ambiguous'
local searched = known[7] and now - tonumber(known[7]) < SEARCH_EVERY_MS
redis.call('HSET', code, 'state', 'exchanging', 'owner', owner, 'claimedAtMs', text(now),
  'leaseUntilMs', text(now + tonumber(leaseMs)))
redis.call('EXPIRE', code, ttl)
return { 'claimed', ambiguous and 'ambiguous' or '', searched and 'searched' or '' }
