// Owns: taking the next jobs of one queue in one step, in the very format of BullMQ 6.7.0's moveToActive; a test holds it to that.
// When it is asked is take-ahead.ts' business; jobs that are taken in place of others, finish-jobs-script.ts'.
import { script } from '../script.ts'

/**
 * Of both scripts that take: telling, what is delayed, what is left, and taking the job that has waited longest: locked, its start
 * written down; nil when none waits. Uses wait, active, prioritized, events, delayed, prefix, now, lockMs and tells; sets tookAny.
 */
export const TAKING = `
local call = redis.call

local function tell(...)
  if tells then call('XADD', events, '*', 'event', ...) end
end

local firstDelayed = tonumber(call('ZRANGE', delayed, 0, 0, 'WITHSCORES')[2])
local isDue = firstDelayed and firstDelayed < (tonumber(now) + 1) * 0x1000
local delayedUntil = firstDelayed and string.format('%.0f', math.floor(firstDelayed / 0x1000)) or '0'

local function hasOthers() return call('ZCARD', prioritized) > 0 end
local function isLeft() return call('LLEN', wait) > 0 or hasOthers() end

local tookAny = false
local function takeNext(token)
  local id = call('RPOPLPUSH', wait, active)
  if not id then return nil end
  local key = prefix .. id
  call('SET', key .. ':lock', token, 'PX', lockMs)
  tell('active', 'jobId', id, 'prev', 'waiting')
  local fields, starts = call('HGETALL', key), 1
  for at = 1, #fields, 2 do
    if fields[at] == 'ats' then starts = tonumber(fields[at + 1]) + 1 end
  end
  call('HSET', key, 'processedOn', now, 'ats', starts)
  -- What is said twice is said last.
  for _, value in ipairs({'processedOn', now, 'ats', tostring(starts)}) do fields[#fields + 1] = value end
  tookAny = true
  return {fields, id}
end
`

/**
 * Takes nothing when BullMQ is to look: the queue is held, delayed jobs are due, or only jobs with a priority are there. The marker,
 * which wakes other workers, is set when jobs are left; BullMQ's own script sets it in any case, and wakes one for nothing.
 *
 * KEYS: wait, active, prioritized, events, delayed, meta, marker; all of one queue, like the jobs', which begin with the prefix
 * ARGV: the prefix of the queue's keys, now in ms, a lock's life in ms, 1 = the queue's event stream tells of it,
 *       what all tokens begin with, the number of the first one, how many jobs at most
 * -> 0 (there may be more), 1 (nothing is left) or 2 (BullMQ is to look); the ms at which the next delayed job is due, or 0;
 *    then each job as {fields, id}
 */
export const takeJobs = script(`
local wait, active, prioritized, events, delayed, meta, marker = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local prefix, now, lockMs, tells = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
local tokens, first, most = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
${TAKING}
local settings = call('HMGET', meta, 'paused', 'concurrency', 'max')
if settings[1] or settings[2] or settings[3] or isDue then return {2, '0'} end

local answer = {0, delayedUntil}
for at = 0, most - 1 do
  local job = takeNext(tokens .. string.format('%d', first + at))
  if not job then break end
  answer[#answer + 1] = job
end
if not tookAny and hasOthers() then return {2, '0'} end
if not isLeft() then answer[1] = 1
elseif tookAny then call('ZADD', marker, 0, '0') end
return answer
`)
