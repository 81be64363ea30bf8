-- Claims a job as a worker does, by its lock: no worker runs it meanwhile. When the process dies, another one claims it
-- again. A job that waits goes to `active`, where its score is remembered; one that is active must have lost its lock;
-- one that has ended stays.
-- KEY from          list or sorted set that has the job
-- KEY active
-- KEY job
-- KEY lock
-- ARG id
-- ARG state         name of `from`
-- ARG token
-- ARG life          of the lock, in ms
-- ARG platform      that the job's data must name, '' = any
-- ARG subscription  that it must name, '' = any
-- MORE ARGS fields  to read
-- RETURN 0 = it is gone or not ours, 1 = somebody else has it, else {state, score or '', the value of each field or
--   null}
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
  -- It was being moved, or its worker died with it.
  local before = call('HMGET', job, 'movingState', 'movingScore')
  state, score = before[1] or 'wait', before[2] or ''
elseif state ~= 'failed' and state ~= 'completed' then
  if isList then call('LREM', from, -1, id) else call('ZREM', from, id) end
  call('LPUSH', active, id)
  call('HSET', job, 'movingState', state, 'movingScore', score)
end
return {state, score, unpack(call('HMGET', job, unpack(ARGV, fields)))}
