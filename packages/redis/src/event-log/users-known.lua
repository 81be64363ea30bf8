-- `usersKnown(key, isFirst, nowMs, life)`: keeps the time from which on the index of users has everything that the log
-- has. A log that has events without it was written by versions before, which may go on for an hour.
local function usersKnown(key, isFirst, nowMs, life)
  if redis.call('EXPIRE', key, life) == 1 then return end
  local from = isFirst and nowMs or nowMs + (life + 3600) * 1000
  redis.call('SET', key, string.format('%.0f', from), 'EX', life)
end
