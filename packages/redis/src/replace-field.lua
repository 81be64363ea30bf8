-- Replaces a field of a hash, unless another process wrote it meanwhile.
-- KEY hash
-- ARG field
-- ARG before  value as read
-- ARG after   new value
-- RETURN 1 = replaced, else 0
-- COST O(1)

if redis.call('HGET', hash, field) ~= before then return 0 end
redis.call('HSET', hash, field, after)
return 1
