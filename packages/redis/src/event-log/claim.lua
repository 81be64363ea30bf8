-- `claim(key, logged, arrival, lifeMs, unlessLogged)`: claims an event for one arrival of it. `logged`: the event in
-- the log. `unlessLogged`: '1' = not if the log has the event. True: this arrival has the claim, now or since an
-- earlier call.
local function claim(key, logged, arrival, lifeMs, unlessLogged)
  local holder = redis.call('GET', key)
  if not holder and not (unlessLogged == '1' and redis.call('EXISTS', logged) == 1) then
    redis.call('SET', key, arrival, 'PX', lifeMs)
    holder = arrival
  end
  return holder == arrival
end
