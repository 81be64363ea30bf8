-- Claims a job as a worker does, by its lock, so that no worker runs it. If the process dies, another one can claim it.
-- A waiting job is moved to `active`, and its state and score are stored in it. An active job can only be claimed
-- without a lock. An ended job stays in its list.
-- KEY from          list or sorted set that has the job
-- KEY active
-- KEY job
-- KEY lock
-- ARG id
-- ARG state         name of `from`
-- ARG token
-- ARG life          of the lock, in ms
-- ARG platform      that the job's data must have, '' = any
-- ARG subscription  that the job's data must have, '' = any
-- MORE ARGS fields  to read
-- RETURN 0 = no such job, or another owner's; 1 = another process has the lock; else {state, score or '', the value of
--   each field or null}
-- COST O(jobs in the list)

local call = redis.call
if call('TYPE', job).ok ~= 'hash' then return 0 end
if platform ~= '' then
  local isJson, data = pcall(cjson.decode, call('HGET', job, 'data') or '')
  if not isJson or type(data) ~= 'table' or data.platform ~= platform then return 0 end
  if subscription ~= '' and data.subscription ~= subscription then return 0 end
end

local isList = call('TYPE', from).ok == 'list'
local score = ''
if isList then
  if not call('LPOS', from, id, 'RANK', -1) then return 0 end
else
  score = call('ZSCORE', from, id)
  if not score then return 0 end
end
if not call('SET', lock, token, 'NX', 'PX', life) then return 1 end

if state == 'active' then
  -- An earlier move was interrupted, or its worker died.
  local before = call('HMGET', job, 'movingState', 'movingScore')
  state, score = before[1] or 'wait', before[2] or ''
elseif state ~= 'failed' and state ~= 'completed' then
  if isList then call('LREM', from, -1, id) else call('ZREM', from, id) end
  call('LPUSH', active, id)
  call('HSET', job, 'movingState', state, 'movingScore', score)
end
return {state, score, unpack(call('HMGET', job, unpack(ARGV, fields)))}
