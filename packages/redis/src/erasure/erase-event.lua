-- Erases the content of an event and the answers of consumers, unless the event has expired or was changed meanwhile.
-- Later answers of consumers are not stored, either.
-- KEY event      of the log
-- KEY attempts   of the event
-- ARG before     the event as JSON, as it was read
-- ARG after      the event as JSON, without its content
-- RETURN 1 = something was erased, else 0
-- INCLUDE event-log/keep-attempt
-- COST O(deliveries + bytes of their attempts)

local call = redis.call
if call('HGET', event, 'event') ~= before then return 0 end
local erased = before ~= after and 1 or 0

local function erase(key, field, old, new)
  if old == new then return end
  call('HSET', key, field, new)
  erased = 1
end

local logged = call('HGETALL', event)
for index = 1, #logged, 2 do
  local field, state = logged[index], logged[index + 1]
  if string.sub(field, 1, 2) == 'd:' then erase(event, field, state, withoutAnswer(state)) end
end
local made = call('HGETALL', attempts)
for index = 1, #made, 2 do
  local list = made[index + 1]
  erase(attempts, made[index], list, (string.gsub(list, '[^\n]+', withoutAnswer)))
end
call('HSET', event, 'event', after, 'erased', '1')
return erased
