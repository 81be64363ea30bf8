-- Replaces an element of a list, at whatever index it is.
-- KEY list
-- ARG before  value as read
-- ARG after   new value
-- RETURN 1 = replaced, else 0
-- COST O(elements)

local index = redis.call('LPOS', list, before)
if not index then return 0 end
redis.call('LSET', list, index, after)
return 1
