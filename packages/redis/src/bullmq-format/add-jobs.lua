-- Adds several jobs to one queue.
-- KEY wait       list of waiting jobs
-- KEY meta       hash of the queue's settings
-- KEY counter    of jobs that were added
-- KEY active     list of running jobs
-- KEY events     stream
-- KEY marker     sorted set: wakes workers up
-- ARG prefix     of the queue's keys
-- ARG count      of jobs
-- EACH ARG id
-- EACH ARG name
-- EACH ARG data        JSON
-- EACH ARG options     JSON, as BullMQ stores them
-- EACH ARG timestamp   in milliseconds
-- RETURN the id of each
-- INCLUDE bullmq-format/adding
-- COST O(rows)

local add = addingTo(prefix, count, wait, meta, counter, active, events, marker)
local ids = {}
for index, id, name, data, options, timestamp in each() do ids[index] = add(id, name, data, options, timestamp) end
return ids
