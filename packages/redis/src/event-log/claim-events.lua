-- Claims events for arrivals of them. Of a platform without an event log, no `logged` exists.
-- EACH KEY claimed    the claim of the event
-- EACH KEY logged     the event in the log
-- EACH ARG arrival
-- EACH ARG lifeMs     of the claim
-- EACH ARG asksLog    '1' = not if the log knows the event
-- RETURN for each row 1 = the event is this arrival's, else 0
-- INCLUDE event-log/claim
-- COST O(rows)

local answers = {}
for index, claimed, logged, arrival, lifeMs, asksLog in each() do
  answers[index] = claim(claimed, logged, arrival, lifeMs, asksLog) and 1 or 0
end
return answers
