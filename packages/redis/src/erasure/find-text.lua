-- Finds a text in a field of hashes, without returning the values.
-- ARG field
-- ARG needle
-- EACH KEY key
-- RETURN which of the rows, from 1, contain it
-- COST O(bytes of the values)

local found = {}
for index, key in each() do
  local value = redis.call('HGET', key, field)
  if value and string.find(value, needle, 1, true) then found[#found + 1] = index end
end
return found
