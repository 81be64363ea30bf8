-- Counts the entries in lists of ordered accounts.
-- KEY waiting   the accounts whose lists have entries; the lists have its hash tag
-- ARG after     account to begin behind ('' = at the beginning)
-- ARG most      how many accounts
-- ARG prefix    of the lists' keys
-- RETURN the last account ('' = there are no more), the number of entries
-- COST O(most)

local accounts = redis.call('ZRANGEBYLEX', waiting, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, most)
local entries = 0
for _, account in ipairs(accounts) do entries = entries + redis.call('LLEN', prefix .. account) end
return {#accounts == tonumber(most) and accounts[#accounts] or '', entries}
