-- Returns the first entries of an account's list to the job that works it off, and extends that job's lease.
-- An expired lease that nobody has taken is the owner's again. Entries are removed only under a lease that has
-- lasted.
-- KEY list      entries, oldest first
-- KEY lease     the owner
-- KEY waiting   the accounts whose lists have entries
-- ARG owner     the job
-- ARG leaseMs   life of the lease
-- ARG done      how many entries the owner has finished: they are removed
-- ARG most      how many entries to return
-- ARG account   the list's name among those
-- RETURN entries; '' = another job has the list, or it is empty
-- COST O(done + most + log(waiting))

local holder = redis.call('GET', lease)
if holder and holder ~= owner then return '' end
if holder and done ~= '0' then redis.call('LTRIM', list, done, -1) end
local entries = redis.call('LRANGE', list, 0, most - 1)
if #entries == 0 then
  redis.call('DEL', lease)
  redis.call('ZREM', waiting, account)
  return ''
end
redis.call('SET', lease, owner, 'PX', leaseMs)
return entries
