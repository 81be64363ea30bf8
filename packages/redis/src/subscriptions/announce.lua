-- The announcements of dead letters.
-- - `announce(id, about, leftOut)`: stores an announcement, with the number of dead letters that were left out.
-- - `keep(subscription, window)`: stores the window of a subscription.
-- NEED announcements
-- NEED windows
-- INCLUDE lua/now

local function announce(id, about, leftOut)
  about.leftOut = leftOut
  redis.call('HSET', announcements, id, cjson.encode(about))
end

local function keep(subscription, window)
  redis.call('HSET', windows, subscription, cjson.encode(window))
end
