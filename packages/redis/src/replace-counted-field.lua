-- As replace-field, and increments the version, so that every process reads the hash again.
-- KEY hash
-- KEY version
-- ARG field
-- ARG before   value as read
-- ARG after    new value
-- RETURN 1 = replaced, else 0
-- COST O(1)

if redis.call('HGET', hash, field) ~= before then return 0 end
redis.call('HSET', hash, field, after)
redis.call('INCR', version)
return 1
