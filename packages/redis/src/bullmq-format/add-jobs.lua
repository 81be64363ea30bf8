-- Adds several jobs to one queue.
-- KEY wait       list of waiting jobs
-- KEY meta       hash of the queue's settings
-- KEY counter    how many jobs the queue has had
-- KEY active     list of jobs that run
-- KEY events     stream
-- KEY marker     sorted set: wakes workers up
-- ARG prefix     of the queue's keys
-- ARG count      of the jobs
-- EACH ARG id
-- EACH ARG name
-- EACH ARG data        JSON
-- EACH ARG options     JSON, as BullMQ keeps them in a job
-- EACH ARG timestamp   in milliseconds
-- RETURN the id of each
-- INCLUDE bullmq-format/adding
-- COST O(rows)

local add = addingTo(prefix, count, wait, meta, counter, active, events, marker)
local ids = {}
for index, id, name, data, options, timestamp in each() do ids[index] = add(id, name, data, options, timestamp) end
return ids
