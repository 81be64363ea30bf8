-- As join-all, for a delivery that is about to be made.
-- KEY order      places of all deliveries
-- KEY places     by delivery
-- KEY failed     the queue's failed jobs
-- KEY delayed    the queue's delayed jobs
-- ARG prefix     of the queue's keys
-- ARG waitsFrom  score in `delayed` from which on a job waits for others
-- ARG key        hash of the ordering key
-- ARG id         the delivery
-- RETURN the id of the first of the key, '1' = it waits although it is the first, the delivery's clock or ''
-- INCLUDE ordering/order
-- COST O(log(places)), and as much for each first one whose job has failed or is gone

join(key, id)
local firstId, waits = first(key)
return {firstId, waits and '1' or '', redis.call('HGET', places, 'clock ' .. id) or ''}
