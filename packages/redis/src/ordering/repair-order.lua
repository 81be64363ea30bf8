-- Walks over the keys: removes first deliveries whose job has failed or is gone, and finds parked ones that are the
-- first of their key.
-- KEY order        places of all deliveries
-- KEY places       by delivery
-- KEY failed       the queue's failed jobs
-- KEY delayed      the queue's delayed jobs
-- ARG prefix       of the queue's keys
-- ARG parkedFrom   score in `delayed` from which on a job is parked
-- ARG after        key to begin behind ('' = at the beginning)
-- ARG most         how many keys
-- RETURN the last key ('' = there are no more), then the ids of the first deliveries that are parked
-- INCLUDE ordering/order
-- COST O(most * log(places)), and as much for each delivery that is removed

local answers = {''}
local from = after == '' and '-' or '(' .. after .. '!'
for _ = 1, most do
  local member = redis.call('ZRANGEBYLEX', order, from, '+', 'LIMIT', 0, 1)[1]
  if not member then
    answers[1] = ''
    return answers
  end
  local key = string.match(member, '^%S+')
  local id = parkedFirst(key)
  if id ~= '' then answers[#answers + 1] = id end
  answers[1], from = key, '(' .. key .. '!'
end
return answers
