-- Marks events as dispatched completely, on a platform without an event log. Claims of other arrivals are unchanged.
-- EACH KEY claimed    the claim of the event
-- EACH ARG arrival
-- RETURN how many rows
-- COST O(rows)

for _, claimed, arrival in each() do
  local life = redis.call('PTTL', claimed)
  if life > 0 and redis.call('GET', claimed) == arrival then
    redis.call('SET', claimed, arrival .. ' done', 'PX', life)
  end
end
return #KEYS
