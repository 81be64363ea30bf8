-- Ends the pause, if it has this reason.
-- KEY schedulePause  hash; none = the schedule runs
-- ARG reason
-- RETURN 1 = ended, else 0
-- COST O(1)

if redis.call('HGET', schedulePause, 'reason') ~= reason then return 0 end
redis.call('DEL', schedulePause)
return 1
