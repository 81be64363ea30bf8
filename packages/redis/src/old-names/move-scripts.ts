// Owns: the scripts that move a job from one queue to another, in the format of BullMQ. The queues' keys have
// different hash tags, so no script reaches both: a job is claimed in the old queue, added to the new one under the
// same id, then removed from the old one.
import { script } from '../script.ts'

/**
 * Claims a job as a worker does, by its lock: no worker runs it meanwhile, and whoever dies with it leaves it to be
 * claimed again. A job that waits goes to `active`, where its score is remembered; one that is active must have lost
 * its lock; one that has ended stays.
 * KEYS: the list or sorted set that has it, active, job, lock
 * ARGV: id, the name of that list or set, token, life of the lock in ms, platform that the job's data must name
 *       ('' = any), subscription that it must name ('' = any), fields
 * -> 0 it is not there or not ours, 1 somebody else has it, else {state, score or '', the value of each field or null}
 */
export const claimJob = script(`
local call = redis.call
local id, state, token, life, platform, subscription = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local from, active, job, lock = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
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
return {state, score, unpack(call('HMGET', job, unpack(ARGV, 7)))}
`)

/**
 * Adds the job as it was, unless there is one with its id.
 * KEYS: job, the list or sorted set that it goes into, meta, marker, delayed
 * ARGV: id, state (wait, delayed, prioritized or failed), score or '', field, value …
 */
export const adoptJob = script(`
local call = redis.call
local id, state, score = ARGV[1], ARGV[2], ARGV[3]
local job, into, meta, marker, delayed = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
if call('EXISTS', job) == 1 then return 0 end
call('HSET', job, unpack(ARGV, 4))
if state == 'wait' then call('LPUSH', into, id) else call('ZADD', into, score, id) end
if call('HEXISTS', meta, 'paused') == 1 then return 1 end
if state == 'delayed' then
  local first = call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  call('ZADD', marker, first[2] / 0x1000, '1')
elseif state ~= 'failed' then
  call('ZADD', marker, 0, '0')
end
return 1
`)

/**
 * Removes a claimed job, unless the lock was lost.
 * KEYS: active, failed, completed, lock, job, its logs
 * ARGV: id, token
 */
export const removeClaimed = script(`
local call = redis.call
if call('GET', KEYS[4]) ~= ARGV[2] then return 0 end
call('LREM', KEYS[1], 1, ARGV[1])
call('ZREM', KEYS[2], ARGV[1])
call('ZREM', KEYS[3], ARGV[1])
call('UNLINK', KEYS[4], KEYS[5], KEYS[6])
return 1
`)

/**
 * Removes what a queue without any job has besides.
 * KEYS: how many of them must not exist for that, those first; then those to remove
 * ARGV: how many
 */
export const removeEmptyQueue = script(`
if redis.call('EXISTS', unpack(KEYS, 1, ARGV[1])) > 0 then return 0 end
redis.call('UNLINK', unpack(KEYS, ARGV[1] + 1))
return 1
`)
