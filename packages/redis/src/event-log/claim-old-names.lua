-- Claims events under the names by which versions before de-duplicated when a push came, with a key of BullMQ's queue.
-- While their processes may run, they see these claims, and what they took is seen.
-- EACH KEY claimed    the claim of the event
-- EACH ARG arrival
-- EACH ARG lifeMs     of the claim
-- RETURN for each row 1 = the event is this arrival's, else 0
-- COST O(rows)

local answers = {}
for index, claimed, arrival, lifeMs in each() do
  local isFirst = redis.call('SET', claimed, arrival, 'PX', lifeMs, 'NX')
  answers[index] = (isFirst or redis.call('GET', claimed) == arrival) and 1 or 0
end
return answers
