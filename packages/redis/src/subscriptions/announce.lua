-- What both scripts on dead letters have.
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
