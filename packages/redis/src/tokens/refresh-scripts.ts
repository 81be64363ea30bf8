// Owns: the scripts of a refresh: claim, commit, fail. The component and the authorizers go through the same three steps.
import { script } from '../script.ts'
import { SNAPSHOT_LUA } from './snapshot.ts'

/**
 * Takes the lease of one subject, unless there is nothing to do.
 * KEYS: meta hash, token, lease, error, and for an authorizer its history list or for the component its ticket hash
 * ARGV: kind (`authorizer` | `component` | `ticket`), owner, lease in ms, version seen or ''
 * -> {'gone', status} | {'changed', …snapshot} | {'failed', json} | {'busy'}
 *  | {'claimed', fence, generation, sealed refresh token, …history} | {'claimed', fence, sealed component_verify_ticket}
 *  | {'claimed', fence}
 */
export const claimRefresh = script(`${SNAPSHOT_LUA}
local kind, owner, leaseMs, seen = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
if kind == 'authorizer' then
  local status = redis.call('HGET', KEYS[1], 'status')
  if not status or status == 'revoked' then return { 'gone', status or '' } end
end
local state = snapshot(KEYS[1], KEYS[2])
if seen ~= '' and state[5] ~= seen and state[2] ~= '' then
  return { 'changed', unpack(state) }
end
local failure = redis.call('GET', KEYS[4])
if failure then return { 'failed', failure } end
if not redis.call('SET', KEYS[3], owner, 'PX', leaseMs, 'NX') then return { 'busy' } end
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
if kind == 'ticket' then return { 'claimed', text(fence) } end
if kind == 'component' then
  return { 'claimed', text(fence), redis.call('HGET', KEYS[5], 'ticket') or '' }
end
local answer = { 'claimed', text(fence), redis.call('HGET', KEYS[1], 'generation') or '0', redis.call('HGET', KEYS[1], 'refreshToken') or '' }
for _, sealed in ipairs(redis.call('LRANGE', KEYS[5], 0, -1)) do answer[#answer + 1] = sealed end
return answer
`)

/**
 * Stores what WeChat answered, unless a newer refresh or a newer authorization was there before. API tickets have no schedule:
 * they are fetched when asked for.
 * KEYS: meta hash, token, lease, error, due, history list (authorizer only)
 * ARGV: kind, subject, owner, fence, token, life left in ms, lifetime in s, due in ms, generation, new sealed refresh token or ''
 * -> {'stored', …snapshot} | {'lost'}: not stored, or stored without the lease; the subject is then due at once.
 */
export const commitRefresh = script(`${SNAPSHOT_LUA}
local kind, subject, owner, fence = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local token, lifeMs, lifetime, dueInMs, generation, sealed = ARGV[5], tonumber(ARGV[6]), ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10]
local leased = redis.call('GET', KEYS[3]) == owner
local function release() if leased then redis.call('DEL', KEYS[3]) end end
local function schedule(at) if kind ~= 'ticket' then redis.call('ZADD', KEYS[5], text(at), subject) end end
if kind == 'authorizer' then
  local known = redis.call('HMGET', KEYS[1], 'status', 'generation')
  if not known[1] or known[1] == 'revoked' or known[2] ~= generation then
    release()
    return { 'lost' }
  end
end
if fence < tonumber(redis.call('HGET', KEYS[1], 'committedFence') or '0') then
  if sealed ~= '' then
    redis.call('LPUSH', KEYS[6], sealed)
    redis.call('LTRIM', KEYS[6], 0, 4)
  end
  schedule(now)
  release()
  return { 'lost' }
end
redis.call('SET', KEYS[2], token, 'PX', math.max(lifeMs, 1))
redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'committedFence', text(fence), 'expiresAtMs', text(now + lifeMs), 'lifetimeSeconds', lifetime, 'refreshedAtMs', text(now))
if kind == 'authorizer' then
  redis.call('HSET', KEYS[1], 'status', 'active')
  if sealed ~= '' then
    local previous = redis.call('HGET', KEYS[1], 'refreshToken')
    if previous and previous ~= '' then
      redis.call('LPUSH', KEYS[6], previous)
      redis.call('LTRIM', KEYS[6], 0, 4)
    end
    redis.call('HSET', KEYS[1], 'refreshToken', sealed)
  end
end
redis.call('DEL', KEYS[4])
if not leased then
  schedule(now)
  return { 'lost' }
end
release()
schedule(now + dueInMs)
return { 'stored', unpack(snapshot(KEYS[1], KEYS[2])) }
`)

/**
 * Gives the lease back and remembers the failure for everybody who asks meanwhile.
 * KEYS: lease, error
 * ARGV: owner, failure as JSON, hold in ms
 */
export const failRefresh = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
`)

/**
 * KEYS: meta hash, token
 * -> {status or '', …snapshot}
 */
export const readToken = script(`${SNAPSHOT_LUA}
return { redis.call('HGET', KEYS[1], 'status') or '', unpack(snapshot(KEYS[1], KEYS[2])) }
`)
