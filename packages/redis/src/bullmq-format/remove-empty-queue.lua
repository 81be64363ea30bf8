-- Removes the remaining keys of a queue without jobs.
-- ARG count
-- MORE KEYS names  first the `count` keys that must not exist, then those to remove
-- RETURN 1 = removed, else 0
-- COST O(keys)

if redis.call('EXISTS', unpack(KEYS, names, names + count - 1)) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, names + count))
return 1
