-- Replaces a string, unless somebody else wrote it meanwhile; its life stays as it was.
-- KEY key
-- ARG before  value as read
-- ARG after   new value
-- RETURN 1 = replaced, else 0
-- COST O(1)

if redis.call('GET', key) ~= before then return 0 end
redis.call('SET', key, after, 'KEEPTTL')
return 1
