-- Reads the size, type and deliveries of events, without the events themselves.
-- EACH KEY event
-- RETURN for each row: length of the event, type, authorizer, then each subscription followed by its state as JSON
-- COST O(rows * subscriptions)

local call = redis.call
local answers = {}
for index, event in each() do
  local names, fields = {}, {}
  for _, field in ipairs(call('HKEYS', event)) do
    if string.sub(field, 1, 2) == 'd:' then
      fields[#fields + 1] = field
      names[#names + 1] = string.sub(field, 3)
    end
  end
  local read = call('HMGET', event, 'type', 'authorizer', unpack(fields, 1, math.min(#fields, 7000)))
  local answer = {call('HSTRLEN', event, 'event'), read[1] or '', read[2] or ''}
  for at, name in ipairs(names) do
    answer[#answer + 1] = name
    answer[#answer + 1] = read[at + 2] or ''
  end
  answers[index] = answer
end
return answers
