-- Notes that all was done for events, where no event log knows that. Claims of other arrivals stay as they are.
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
