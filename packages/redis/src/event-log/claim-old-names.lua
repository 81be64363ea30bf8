-- Claims events under the de-duplication keys of earlier versions, which are keys of a BullMQ queue. Processes of these
-- versions and of this one see each other's claims.
-- EACH KEY claimed    the claim of the event
-- EACH ARG arrival
-- EACH ARG lifeMs     of the claim
-- RETURN for each row 1 = this arrival has the claim, else 0
-- COST O(rows)

local answers = {}
for index, claimed, arrival, lifeMs in each() do
  local isFirst = redis.call('SET', claimed, arrival, 'PX', lifeMs, 'NX')
  answers[index] = (isFirst or redis.call('GET', claimed) == arrival) and 1 or 0
end
return answers
