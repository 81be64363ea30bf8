-- The attempts at an event's deliveries.

-- An attempt, or a state, as JSON, without what a consumer answered: the member stands last, and no text in JSON
-- contains an unescaped quote.
local function withoutAnswer(json)
  local at = string.find(json, ',"answer":', 1, true)
  return at and string.sub(json, 1, at - 1) .. '}' or json
end

-- Puts an attempt at the beginning of a subscription's list, unless it stands there; 20 remain, as long as the event.
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
