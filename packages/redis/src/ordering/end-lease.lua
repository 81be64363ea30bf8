-- Ends a job's lease of a list, unless another job has it.
-- KEY lease     the owner
-- ARG owner     the job
-- RETURN 1 = ended
-- COST O(1)

if redis.call('GET', lease) == owner then return redis.call('DEL', lease) end
return 0
