-- Replaces a string, unless another process wrote it meanwhile. Its TTL is kept.
-- KEY key
-- ARG before  value as read
-- ARG after   new value
-- RETURN 1 = replaced, else 0
-- COST O(1)

if redis.call('GET', key) ~= before then return 0 end
redis.call('SET', key, after, 'KEEPTTL')
return 1
