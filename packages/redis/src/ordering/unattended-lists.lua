-- Finds lists of accounts that have entries and no lease.
-- KEY waiting   the accounts whose lists have entries; the lists and their leases have its hash tag
-- ARG after     account to begin behind ('' = at the beginning)
-- ARG most      how many accounts
-- ARG prefix    of the lists' keys
-- RETURN the last account ('' = there are no more), then for each list: account, arrival and receivedAtMs of its first
--        entry, which lanes.ts writes in this order
-- COST O(most)

local call = redis.call
local accounts = call('ZRANGEBYLEX', waiting, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, most)
local answers = {#accounts == tonumber(most) and accounts[#accounts] or ''}
for _, account in ipairs(accounts) do
  local list = prefix .. account
  if call('EXISTS', list .. ':lease') == 0 then
    local first = call('LINDEX', list, 0)
    if first then
      answers[#answers + 1] = account
      answers[#answers + 1] = string.match(first, '^{"arrival":"([^"]*)"') or ''
      answers[#answers + 1] = string.match(first, '.*"receivedAtMs":(%d+)') or '0'
    else
      call('ZREM', waiting, account)
    end
  end
end
return answers
