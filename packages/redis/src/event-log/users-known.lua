-- `usersKnown(key, isFirst, nowMs, life)`: stores the time from which the index of users is complete. If the log has
-- events but not this key, an earlier version wrote them, whose processes may run for another hour.
local function usersKnown(key, isFirst, nowMs, life)
  if redis.call('EXPIRE', key, life) == 1 then return end
  local from = isFirst and nowMs or nowMs + (life + 3600) * 1000
  redis.call('SET', key, string.format('%.0f', from), 'EX', life)
end
