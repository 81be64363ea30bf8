-- `claim(key, logged, arrival, lifeMs, unlessLogged)`: claims an event for one arrival of it. `logged`: the event in
-- the log. `unlessLogged`: '1' = not if the log has the event. True: this arrival has the claim, now or since an
-- earlier call.
local function claim(key, logged, arrival, lifeMs, unlessLogged)
  local mayClaim = unlessLogged ~= '1' or redis.call('EXISTS', logged) == 0
  if mayClaim and redis.call('SET', key, arrival, 'NX', 'PX', lifeMs) then return true end
  return redis.call('GET', key) == arrival
end
