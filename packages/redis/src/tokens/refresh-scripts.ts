// Owns: the scripts of a refresh: claim, commit, fail. The component and the authorizers go through the same three steps.
import { script } from '../script.ts'
import { HISTORY_LUA } from './history-script.ts'
import { INDEX_LUA } from './index-script.ts'
import { SNAPSHOT_LUA } from './snapshot.ts'

/** A call of which nobody knows the end may be served by WeChat this much later, never after. */
const DOUBT_MS = 60_000

/**
 * What WeChat serves last is its current token; a call that is served after the one we stored makes ours a stale one, and nobody
 * hears of it. As long as that may happen, the next refresh is due when it no longer can: well within the minutes that a
 * superseded token lives on.
 */
const DOUBT_LUA = `
local function doubt(meta) redis.call('HSET', meta, 'doubtUntilMs', text(now + ${DOUBT_MS})) end
`

/**
 * Takes the lease of one subject, unless there is nothing to do. Of a call that was begun before and never ended (a process
 * killed or frozen) nobody knows whether WeChat has served it: that leaves a doubt behind.
 * KEYS: meta hash, token, lease, error, and for an authorizer its history list or for the component its ticket hash
 * ARGV: kind (`authorizer` | `component` | `ticket`), owner, lease in ms, version seen or ''
 * -> {'gone', status} | {'changed', …snapshot} | {'failed', json} | {'busy'}
 *  | {'claimed', fence, generation, sealed refresh token, …history} | {'claimed', fence, sealed component_verify_ticket}
 *  | {'claimed', fence}
 */
export const claimRefresh = script(`${SNAPSHOT_LUA}${DOUBT_LUA}
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
if redis.call('HGET', KEYS[1], 'openFence') then doubt(KEYS[1]) end
redis.call('HSET', KEYS[1], 'openFence', text(fence))
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
 * KEYS: meta hash, token, lease, error, due; authorizer only: history list, groups, accounts by group
 * ARGV: kind, subject, owner, fence, token, life left in ms, lifetime in s, due in ms, generation, new sealed refresh token or ''
 * -> {'stored', …snapshot} | {'lost'}: not stored, or stored without the lease; the subject is then due at once.
 */
export const commitRefresh = script(`${SNAPSHOT_LUA}${HISTORY_LUA}${INDEX_LUA}
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
if redis.call('HGET', KEYS[1], 'openFence') == text(fence) then redis.call('HDEL', KEYS[1], 'openFence') end
local committed = tonumber(redis.call('HGET', KEYS[1], 'committedFence') or '0')
-- Sent twice by the driver after a lost reply.
if fence == committed then return { 'stored', unpack(snapshot(KEYS[1], KEYS[2])) } end
if fence < committed then
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
  local status = redis.call('HGET', KEYS[1], 'status')
  if status ~= 'active' then
    redis.call('HSET', KEYS[1], 'status', 'active')
    regroup(KEYS[1], KEYS[7], KEYS[8], subject)
  end
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
redis.call('HDEL', KEYS[1], 'failedInRow')
if not leased then
  schedule(now)
  return { 'lost' }
end
release()
local dueAt = now + dueInMs
local doubtUntil = tonumber(redis.call('HGET', KEYS[1], 'doubtUntilMs') or '0')
if doubtUntil > now then
  dueAt = math.min(dueAt, doubtUntil)
else
  redis.call('HDEL', KEYS[1], 'doubtUntilMs')
end
schedule(dueAt)
return { 'stored', unpack(snapshot(KEYS[1], KEYS[2])) }
`)

/**
 * Gives the lease back and remembers the failure for everybody who asks meanwhile. Whoever has lost the lease has nothing to say.
 * KEYS: meta hash, lease, error
 * ARGV: owner, fence, failure as JSON, hold in ms, '1' when WeChat may still serve the call
 * -> how many have failed in a row; 0 when this one does not count
 */
export const failRefresh = script(`${SNAPSHOT_LUA}${DOUBT_LUA}
if redis.call('HGET', KEYS[1], 'openFence') == ARGV[2] then redis.call('HDEL', KEYS[1], 'openFence') end
if ARGV[5] == '1' and redis.call('EXISTS', KEYS[1]) == 1 then doubt(KEYS[1]) end
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if tonumber(ARGV[4]) > 0 then redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4]) end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[1], 'failedInRow', 1)
`)
