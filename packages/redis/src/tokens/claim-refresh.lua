-- Takes the lease of one subject, unless there is nothing to do. If an earlier claim never ended (its process was
-- killed or frozen), WeChat may still serve its call: that is stored as a doubt.
-- KEY meta          hash of the subject
-- KEY tokenKey
-- KEY lease
-- KEY refreshError  of the last refresh
-- KEY material      list of an authorizer's earlier refresh tokens, or hash of the component's ticket; for a ticket any
-- ARG kind          `authorizer`, `component` or `ticket`
-- ARG owner
-- ARG leaseMs
-- ARG seen          version that the caller has read, or ''
-- RETURN {'gone', status}; {'changed', …snapshot}; {'failed', JSON}; {'busy'}; {'claimed', fence, …material}.
--   Material of an authorizer: generation, sealed refresh token, earlier ones; of the component: its sealed ticket
-- INCLUDE tokens/snapshot
-- INCLUDE tokens/doubt
-- COST O(earlier refresh tokens)

if kind == 'authorizer' then
  local status = redis.call('HGET', meta, 'status')
  if not status or status == 'revoked' then return { 'gone', status or '' } end
end
local state = snapshot(meta, tokenKey)
if seen ~= '' and state[5] ~= seen and state[2] ~= '' then
  return { 'changed', unpack(state) }
end
local failure = redis.call('GET', refreshError)
if failure then return { 'failed', failure } end
if not redis.call('SET', lease, owner, 'PX', leaseMs, 'NX') then return { 'busy' } end
local fence = redis.call('HINCRBY', meta, 'fence', 1)
if redis.call('HGET', meta, 'openFence') then doubt(meta) end
redis.call('HSET', meta, 'openFence', text(fence))
if kind == 'ticket' then return { 'claimed', text(fence) } end
if kind == 'component' then
  return { 'claimed', text(fence), redis.call('HGET', material, 'ticket') or '' }
end
local known = redis.call('HMGET', meta, 'generation', 'refreshToken')
local answer = { 'claimed', text(fence), known[1] or '0', known[2] or '' }
for _, sealed in ipairs(redis.call('LRANGE', material, 0, -1)) do answer[#answer + 1] = sealed end
return answer
