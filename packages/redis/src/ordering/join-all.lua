-- Puts deliveries behind all others of their keys, unless they have a place already.
-- KEY order      places of all deliveries
-- KEY places     by delivery
-- KEY failed     the queue's failed jobs
-- KEY delayed    the queue's delayed jobs
-- ARG prefix     of the queue's keys
-- ARG waitsFrom  score in `delayed` from which on a job waits for others
-- EACH ARG key   hash of the ordering key
-- EACH ARG id    the delivery
-- RETURN for each row the id of the first of its key
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

local answers = {}
for _, key, id in each() do
  first(key)
  join(key, id)
end
for index, key, id in each() do answers[index] = first(key) end
return answers
