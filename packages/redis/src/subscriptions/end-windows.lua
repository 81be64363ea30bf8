-- Ends windows. Of the dead letters that a window has left out, the last one is announced at its end.
-- KEY announcements   as in note-dead-letter.lua
-- KEY windows         the same
-- ARG windowMs
-- RETURN 1
-- INCLUDE subscriptions/announce
-- COST O(subscriptions with a dead letter in the last minute)

local all = redis.call('HGETALL', windows)
for index = 1, #all, 2 do
  local subscription, window = all[index], cjson.decode(all[index + 1])
  if window.untilMs <= now and window.leftOut > 0 then
    announce(window.id, window.last, window.leftOut - 1)
    keep(subscription, {untilMs = now + windowMs, announced = 1, leftOut = 0})
  elseif window.untilMs <= now then
    redis.call('HDEL', windows, subscription)
  end
end
return 1
