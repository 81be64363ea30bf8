-- Run it after the jobs of deliveries were added: a delivery without a job loses its place.
-- KEY order        places of all deliveries
-- KEY places       by delivery
-- KEY failed       the queue's failed jobs
-- KEY delayed      the queue's delayed jobs
-- ARG prefix       of the queue's keys
-- ARG parkedFrom   score in `delayed` from which on a job is parked
-- EACH ARG key     hash of the ordering key
-- EACH ARG id      the delivery
-- RETURN for each row the id of the first of its key, if its job is parked; else ''
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

local answers = {}
for index, key, id in each() do
  local member = redis.call('HGET', places, id)
  if member and not hasJob(id) then remove(member, id) end
  answers[index] = parkedFirst(key)
end
return answers
