-- `doubt(meta)`: notes that WeChat may still serve a call whose end nobody knows. What WeChat serves last is its
-- current token; a call that is served after the one we stored makes ours a stale one, and nobody learns of it. As long
-- as that may happen, the next refresh is due when it no longer can: well within the minutes that a superseded token
-- lives on.
-- INCLUDE lua/now

-- WeChat may serve such a call this much later, never after.
local DOUBT_MS = 60000
local function doubt(meta) redis.call('HSET', meta, 'doubtUntilMs', text(now + DOUBT_MS)) end
