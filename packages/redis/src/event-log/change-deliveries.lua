-- Writes new states of deliveries, unless they are outdated: `delivered` is final, `dead` and `discarded` are not
-- followed by `retrying`, and the number of attempts does not decrease. Only `pending` replaces any state. An attempt
-- is stored even if its state is not.
-- KEY unsettled           index of pending deliveries
-- ARG nowMs
-- ARG life                of the log, in seconds
-- ARG undeliveredPrefix   of the indexes of events that a subscription was not delivered
-- ARG attemptsPrefix      of the events' attempts
-- EACH KEY key            the event; several rows may have the same
-- EACH ARG id             of the event
-- EACH ARG name           of the subscription
-- EACH ARG newState       JSON
-- EACH ARG status         in it
-- EACH ARG attempts       in it
-- EACH ARG jobId          of the delivering job ('' = unchanged)
-- EACH ARG newAttempt     JSON ('' = none, or it is in the state)
-- RETURN the indexes, from 0, of the rows whose event does not exist
-- INCLUDE event-log/delivered
-- INCLUDE event-log/keep-attempt
-- COST O(rows * log(pending deliveries))

local call = redis.call
local unknown = {}
for index, key, id, name, newState, status, attempts, jobId, newAttempt in each() do
  local field = 'd:' .. name
  local receivedAtMs, oldState, erased = unpack(call('HMGET', key, 'receivedAtMs', field, 'erased'), 1, 3)
  local beside = attemptsPrefix .. id
  if erased then newState, newAttempt = withoutAnswer(newState), withoutAnswer(newAttempt) end
  local write = receivedAtMs
  if not write then unknown[#unknown + 1] = index - 1 end
  if write and oldState and status == 'delivered' then
    -- The most frequent case, without parsing the state.
    write = not isDelivered(oldState)
  elseif write and oldState and status ~= 'pending' then
    local old = cjson.decode(oldState)
    if old.status == 'delivered' then write = false end
    if old.status == 'dead' and status == 'retrying' then write = false end
    if old.status == 'discarded' then write = false end
    if old.status == 'retrying' and status == 'retrying' and tonumber(attempts) < old.attempts then write = false end
  end
  local member = id .. ' ' .. name
  if receivedAtMs and newAttempt ~= '' then
    keepAttempt(beside, name, newAttempt, key)
  elseif oldState and status == 'delivered' and not write and newState ~= oldState then
    keepAttempt(beside, name, newState, key)
  end
  if write then
    if status == 'pending' and isDelivered(oldState) then keepAttempt(beside, name, oldState, key) end
    call('HSET', key, field, newState)
    if jobId ~= '' then call('HSET', key, 'j:' .. name, jobId) end
    if status == 'pending' or status == 'retrying' then
      call('ZADD', unsettled, 'NX', nowMs, member)
      call('EXPIRE', unsettled, life)
    end
  end
  if status ~= 'pending' and status ~= 'retrying' then call('ZREM', unsettled, member) end
  local undelivered = undeliveredPrefix .. name
  if status == 'delivered' then call('ZREM', undelivered, id)
  elseif write then notDelivered(undelivered, life, nowMs - life * 1000, 10, receivedAtMs, id) end
end
return unknown
