-- Stores the session of a click under the two keys by which it is found.
-- KEY click        by its mark
-- KEY preAuthCode  by the hash of the pre_auth_code
-- ARG session
-- ARG clickedAtMs
-- RETURN 1
-- COST O(1)

-- A push may be delayed for days by the spool and the queue.
local CLICK_SECONDS = 7 * 86400
local value = session .. ' ' .. clickedAtMs
redis.call('SET', click, value, 'EX', CLICK_SECONDS)
redis.call('SET', preAuthCode, value, 'EX', CLICK_SECONDS)
return 1
