-- `claim(key, logged, arrival, lifeMs, asksLog)`: claims an event for one arrival of it. `logged`: the event in the
-- log. `asksLog`: '1' = not if the log knows the event. True: this arrival has it, perhaps from before.
local function claim(key, logged, arrival, lifeMs, asksLog)
  local holder = redis.call('GET', key)
  if not holder and not (asksLog == '1' and redis.call('EXISTS', logged) == 1) then
    redis.call('SET', key, arrival, 'PX', lifeMs)
    holder = arrival
  end
  return holder == arrival
end
