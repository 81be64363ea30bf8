-- The attempts at an event's deliveries.

-- `withoutAnswer(json)`: an attempt or a state without the consumer's answer, which is the last member. No string in
-- JSON contains an unescaped quote, so `,"answer":` can only be that member.
local function withoutAnswer(json)
  local at = string.find(json, ',"answer":', 1, true)
  return at and string.sub(json, 1, at - 1) .. '}' or json
end

-- `keepAttempt(key, name, attempt, event)`: prepends an attempt to a subscription's list, unless the list has it. The
-- list keeps 20 attempts, and expires with the event.
local function keepAttempt(key, name, attempt, event)
  local kept = redis.call('HGET', key, name) or ''
  if string.find(kept, attempt .. '\n', 1, true) then return end
  kept = attempt .. '\n' .. kept
  local at = 0
  for _ = 1, 20 do
    at = at and string.find(kept, '\n', at + 1, true)
  end
  redis.call('HSET', key, name, at and string.sub(kept, 1, at) or kept)
  redis.call('PEXPIRE', key, math.max(redis.call('PTTL', event), 1))
end
