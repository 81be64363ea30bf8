-- Frees the place of a delivery that has ended.
-- KEY order      places of all deliveries
-- KEY places     by delivery
-- KEY failed     the queue's failed jobs
-- KEY delayed    the queue's delayed jobs
-- ARG prefix     of the queue's keys
-- ARG waitsFrom  score in `delayed` from which on a job waits for others
-- ARG key        hash of the ordering key
-- ARG id         the delivery
-- RETURN the id of the first of the key now, if it waits; else ''
-- INCLUDE ordering/order
-- COST O(log(places)), and as much for each first one whose job has failed or is gone

local member = redis.call('HGET', places, id)
if member then remove(member, id) end
local firstId, waits = first(key)
return waits and firstId or ''
