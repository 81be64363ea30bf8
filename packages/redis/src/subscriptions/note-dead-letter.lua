-- Announces a dead letter. Above the limit of its subscription in this window it is only counted.
-- KEY announcements   hash event's id -> JSON, until the event is emitted
-- KEY windows         hash subscription -> JSON: untilMs, announced, leftOut, the last of these and its event's id
-- ARG subscription
-- ARG id              of the event that announces it
-- ARG about           JSON
-- ARG maxAnnounced    in a window
-- ARG windowMs
-- RETURN 1 = announced, 0 = counted
-- INCLUDE subscriptions/announce
-- COST O(1)

local dead = cjson.decode(about)
local known = redis.call('HGET', windows, subscription)
local window = known and cjson.decode(known) or {untilMs = 0, leftOut = 0}
if window.untilMs <= now then window = {untilMs = now + windowMs, announced = 0, leftOut = window.leftOut} end
local isAnnounced = window.announced < tonumber(maxAnnounced)
if isAnnounced then
  announce(id, dead, window.leftOut)
  window.announced, window.leftOut, window.last, window.id = window.announced + 1, 0, nil, nil
else
  window.leftOut, window.last, window.id = window.leftOut + 1, dead, id
end
keep(subscription, window)
return isAnnounced and 1 or 0
