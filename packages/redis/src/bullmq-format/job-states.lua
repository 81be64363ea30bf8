-- The state of one job of a queue.
-- NEED failed       the queue's failed jobs
-- NEED delayed      the queue's delayed jobs
-- NEED prefix       of the queue's keys
-- NEED parkedFrom   score in `delayed` from which on a job is parked (job-states.ts)

local function hasJob(id) return redis.call('EXISTS', prefix .. id) == 1 end
local function hasFailed(id) return redis.call('ZSCORE', failed, id) ~= false end
local function isParked(id) return tonumber(redis.call('ZSCORE', delayed, id) or 0) > tonumber(parkedFrom) end
