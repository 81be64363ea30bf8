-- Stores attempts that were made before a job was added, unless the job has run or does not exist.
-- KEY job
-- ARG attemptsMade
-- ARG lastError
-- ARG isOver        '1' = no attempt is left: BullMQ fails the job without running it, and counts that as an attempt
-- RETURN 1
-- COST O(1)

if redis.call('EXISTS', job) == 1 and redis.call('HEXISTS', job, 'atm') == 0 then
  if isOver == '1' then redis.call('HSET', job, 'atm', attemptsMade - 1, 'failedReason', lastError, 'defa', lastError)
  else redis.call('HSET', job, 'atm', attemptsMade, 'failedReason', lastError) end
end
return 1
