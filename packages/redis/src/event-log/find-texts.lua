-- Finds events by their JSON, without returning them. Only the case of A to Z is ignored, as in `isWanted`.
-- ARG subject     text that the event contains; '' = any
-- ARG lowered     text in lower case that the event contains in any case; '' = any
-- EACH KEY key    the event
-- RETURN for each row 1 = contains both, else 0
-- COST O(bytes of the events)

local answers = {}
for index, key in each() do
  local event = redis.call('HGET', key, 'event')
  local holds = event and string.find(event, subject, 1, true)
  if holds and lowered ~= '' then holds = string.find(string.lower(event), lowered, 1, true) end
  answers[index] = holds and 1 or 0
end
return answers
