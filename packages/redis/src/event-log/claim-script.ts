// Owns: how a script claims an event for one arrival of it.

/** `logged`: the event in the log, `asksLog`: '1' = not if the log knows it. True: this arrival has it, perhaps from before. */
export const CLAIM_LUA = `
local function claim(key, logged, arrival, life, asksLog)
  local first = redis.call('GET', key)
  if not first and not (asksLog == '1' and redis.call('EXISTS', logged) == 1) then
    redis.call('SET', key, arrival, 'PX', life)
    first = arrival
  end
  return first == arrival
end
`
