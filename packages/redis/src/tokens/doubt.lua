-- `doubt(meta)`: notes that WeChat may still serve a refresh call whose outcome is unknown. The token that WeChat
-- issues last is the current one, so such a call could make our stored token stale without our knowledge. The next
-- refresh is therefore due at the end of this time, while a superseded token is still valid for some minutes.
-- INCLUDE lua/now

-- The longest time after which WeChat may serve such a call.
local DOUBT_MS = 60000
local function doubt(meta) redis.call('HSET', meta, 'doubtUntilMs', text(now + DOUBT_MS)) end
