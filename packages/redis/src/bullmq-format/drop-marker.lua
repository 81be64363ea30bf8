-- Removes the marker of a queue that has no job to run, now or later. BullMQ adds one whenever a job is taken; it would
-- make a worker fetch in vain. With a delayed job that fetch is needed: its answer is when the job is due.
-- KEY wait
-- KEY prioritized
-- KEY delayed
-- KEY marker
-- RETURN how many jobs the queue has, without those that run
-- COST O(1)

local call = redis.call
local jobs = call('LLEN', wait) + call('ZCARD', prioritized) + call('ZCARD', delayed)
if jobs == 0 then call('ZREM', marker, '0') end
return jobs
