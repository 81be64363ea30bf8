-- Stores the token that WeChat issued, unless a newer refresh or authorization is stored. API tickets have no schedule:
-- they are fetched on demand.
-- KEY meta           hash of the subject
-- KEY tokenKey
-- KEY lease
-- KEY refreshError   of the last refresh
-- KEY due            schedule; for API tickets any key
-- KEY refreshTokens  list of an authorizer's earlier refresh tokens; for others any key
-- KEY groups         for authorizers; for others any key
-- KEY members        for authorizers; for others any key
-- ARG kind           `authorizer`, `component` or `ticket`
-- ARG subject
-- ARG owner
-- ARG fence          of the claim
-- ARG token
-- ARG leftMs         life of the token
-- ARG lifetime       of the token, in s
-- ARG dueInMs
-- ARG generation     of an authorizer, or ''
-- ARG sealed         new refresh token, or ''
-- RETURN {'stored', …snapshot}; {'lost'} = not stored, or stored without the lease; the subject is due at once then
-- INCLUDE tokens/snapshot
-- INCLUDE tokens/history
-- INCLUDE tokens/account-index
-- COST O(log(accounts))

local own, lifeMs = tonumber(fence), tonumber(leftMs)
local leased = redis.call('GET', lease) == owner
local function release() if leased then redis.call('DEL', lease) end end
local function schedule(at) if kind ~= 'ticket' then redis.call('ZADD', due, text(at), subject) end end
if kind == 'authorizer' then
  local known = redis.call('HMGET', meta, 'status', 'generation')
  if not known[1] or known[1] == 'revoked' or known[2] ~= generation then
    release()
    return { 'lost' }
  end
end
if redis.call('HGET', meta, 'openFence') == text(own) then redis.call('HDEL', meta, 'openFence') end
local committed = tonumber(redis.call('HGET', meta, 'committedFence') or '0')
-- A repeat by the driver after a lost reply.
if own == committed then return { 'stored', unpack(snapshot(meta, tokenKey)) } end
if own < committed then
  if sealed ~= '' then
    redis.call('LPUSH', refreshTokens, sealed)
    redis.call('LTRIM', refreshTokens, 0, 4)
  end
  schedule(now)
  release()
  return { 'lost' }
end
redis.call('SET', tokenKey, token, 'PX', math.max(lifeMs, 1))
redis.call('HINCRBY', meta, 'version', 1)
redis.call('HSET', meta, 'committedFence', text(own), 'expiresAtMs', text(now + lifeMs), 'lifetimeSeconds', lifetime,
  'refreshedAtMs', text(now))
if kind == 'authorizer' then
  local status = redis.call('HGET', meta, 'status')
  if status ~= 'active' then
    redis.call('HSET', meta, 'status', 'active')
    regroup(meta, groups, members, subject)
  end
  if sealed ~= '' then
    local previous = redis.call('HGET', meta, 'refreshToken')
    if previous and previous ~= '' then
      redis.call('LPUSH', refreshTokens, previous)
      redis.call('LTRIM', refreshTokens, 0, 4)
    end
    redis.call('HSET', meta, 'refreshToken', sealed)
  end
end
redis.call('DEL', refreshError)
redis.call('HDEL', meta, 'failedInRow')
if not leased then
  schedule(now)
  return { 'lost' }
end
release()
local dueAt = now + dueInMs
local doubtUntil = tonumber(redis.call('HGET', meta, 'doubtUntilMs') or '0')
if doubtUntil > now then
  dueAt = math.min(dueAt, doubtUntil)
else
  redis.call('HDEL', meta, 'doubtUntilMs')
end
schedule(dueAt)
return { 'stored', unpack(snapshot(meta, tokenKey)) }
