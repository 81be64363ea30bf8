-- Releases the lease, and stores the failure for callers in the next moment. A process that has lost the lease changes
-- only the doubt.
-- KEY meta          hash of the subject
-- KEY lease
-- KEY refreshError  the stored failure
-- ARG owner
-- ARG fence         of the claim
-- ARG failure       JSON
-- ARG holdMs        life of the stored failure
-- ARG isUnsettled   '1' = WeChat may still serve the call
-- RETURN number of failures in a row; 0 = this one does not count
-- INCLUDE lua/now
-- INCLUDE tokens/doubt
-- COST O(1)

if redis.call('HGET', meta, 'openFence') == fence then redis.call('HDEL', meta, 'openFence') end
if isUnsettled == '1' and redis.call('EXISTS', meta) == 1 then doubt(meta) end
if redis.call('GET', lease) ~= owner then return 0 end
redis.call('DEL', lease)
if tonumber(holdMs) > 0 then redis.call('SET', refreshError, failure, 'PX', holdMs) end
if redis.call('EXISTS', meta) == 0 then return 0 end
return redis.call('HINCRBY', meta, 'failedInRow', 1)
