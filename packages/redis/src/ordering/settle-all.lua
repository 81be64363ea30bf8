-- To be run when the jobs of deliveries have been added: a delivery without a job loses its place.
-- KEY order      places of all deliveries
-- KEY places     by delivery
-- KEY failed     the queue's failed jobs
-- KEY delayed    the queue's delayed jobs
-- ARG prefix     of the queue's keys
-- ARG waitsFrom  score in `delayed` from which on a job waits for others
-- EACH ARG key   hash of the ordering key
-- EACH ARG id    the delivery
-- RETURN the ids of those that wait although they are the first
-- INCLUDE ordering/order
-- COST O(rows * log(places)), and as much for each first one whose job has failed or is gone

local answers = {}
for _, key, id in each() do
  local member = redis.call('HGET', places, id)
  if member and redis.call('EXISTS', prefix .. id) == 0 then remove(member, id) end
  local firstId, waits = first(key)
  if waits then answers[#answers + 1] = firstId end
end
return answers
