-- As join-all, for deliveries whose jobs are about to make an attempt.
-- KEY order        places of all deliveries
-- KEY places       by delivery
-- KEY failed       the queue's failed jobs
-- KEY delayed      the queue's delayed jobs
-- ARG prefix       of the queue's keys
-- ARG parkedFrom   score in `delayed` from which on a job is parked
-- EACH ARG key     hash of the ordering key
-- EACH ARG id      the delivery
-- RETURN for each row the id of the first of its key, '1' if its job is parked or '0', the delivery's clock or ''
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

local answers = {}
for index, key, id in each() do
  join(key, id)
  local firstId = first(key)
  answers[index] = {firstId, isParked(firstId) and '1' or '0', redis.call('HGET', places, 'clock ' .. id) or ''}
end
return answers
