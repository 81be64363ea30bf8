-- Finds the ordering keys that have a pending delivery.
-- KEY order        places of all deliveries
-- KEY places       by delivery
-- KEY failed       the queue's failed jobs
-- KEY delayed      the queue's delayed jobs
-- ARG prefix       of the queue's keys
-- ARG parkedFrom   score in `delayed` from which on a job is parked
-- EACH ARG key     hash of the ordering key
-- RETURN for each row 1 = it has one, 0
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

local answers = {}
for index, key in each() do answers[index] = first(key) == '' and 0 or 1 end
return answers
