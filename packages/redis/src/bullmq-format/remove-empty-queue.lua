-- Removes what a queue without any job has besides.
-- ARG count
-- MORE KEYS names  first the `count` keys that must not exist for that, then those to remove
-- RETURN 1 = removed, else 0
-- COST O(keys)

if redis.call('EXISTS', unpack(KEYS, names, names + count - 1)) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, names + count))
return 1
