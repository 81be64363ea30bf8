-- Appends deliveries to the orders of their keys. One that has a place keeps it.
-- KEY order        places of all deliveries
-- KEY places       by delivery
-- KEY failed       the queue's failed jobs
-- KEY delayed      the queue's delayed jobs
-- ARG prefix       of the queue's keys
-- ARG parkedFrom   score in `delayed` from which on a job is parked
-- EACH ARG key     hash of the ordering key
-- EACH ARG id      the delivery
-- RETURN for each row 0 = another delivery is the first of the key, 1 = this one is, and has a job, 2 = and has none
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

for _, key, id in each() do
  first(key)
  join(key, id)
end
local answers = {}
for index, key, id in each() do answers[index] = first(key) ~= id and 0 or hasJob(id) and 1 or 2 end
return answers
