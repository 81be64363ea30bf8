-- Claims events, each for one arrival of it. On a platform without an event log `logged` never exists.
-- EACH KEY claimed    the claim of the event
-- EACH KEY logged     the event in the log
-- EACH ARG arrival
-- EACH ARG lifeMs     of the claim
-- EACH ARG unlessLogged  '1' = not if the log has the event
-- RETURN for each row 1 = this arrival has the claim, else 0
-- INCLUDE event-log/claim
-- COST O(rows)

local answers = {}
for index, claimed, logged, arrival, lifeMs, unlessLogged in each() do
  answers[index] = claim(claimed, logged, arrival, lifeMs, unlessLogged) and 1 or 0
end
return answers
