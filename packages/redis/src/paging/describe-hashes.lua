-- Says what hashes are like before they are read.
-- ARG measured  field
-- EACH KEY key
-- MORE ARGS fields  to read
-- RETURN for each row: length of the measured field, 0 = there is none; then the fields
-- COST O(rows * fields)

local read = {unpack(ARGV, fields)}
local answers = {}
for index, key in each() do
  local values = #read > 0 and redis.call('HMGET', key, unpack(read)) or {}
  answers[index] = {redis.call('HSTRLEN', key, measured), unpack(values)}
end
return answers
