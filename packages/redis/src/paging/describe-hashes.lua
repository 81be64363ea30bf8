-- Reads the size of one field of hashes, and the values of a few others.
-- ARG measured  field
-- EACH KEY key
-- MORE ARGS fields  to read
-- RETURN for each row: length of the measured field, 0 = it does not exist; then the fields
-- COST O(rows * fields)

local read = {unpack(ARGV, fields)}
local answers = {}
for index, key in each() do
  local values = #read > 0 and redis.call('HMGET', key, unpack(read)) or {}
  answers[index] = {redis.call('HSTRLEN', key, measured), unpack(values)}
end
return answers
