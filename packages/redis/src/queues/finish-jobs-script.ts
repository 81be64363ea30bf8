// Owns: ending several jobs of one queue and taking as many others in one step, in the very format of BullMQ 6.7.0's
// moveToFinished; a test holds it to that. Which jobs may go this way is finish-batches.ts' business.
import { script } from '../script.ts'
import { TAKING } from './take-jobs-script.ts'

/**
 * Only what our queues have is done here: jobs that are removed when they are completed, without parents, children, metrics or
 * rate limits. All else is left as it is and told by the answer, so that BullMQ's own scripts do it: a job that is not ours to
 * end; and, instead of being given a next job, the worker asks for one by itself when the queue is held, when delayed jobs are
 * due, and when there is only what has a priority.
 *
 * KEYS: wait, active, prioritized, events, stalled, delayed, meta, marker; all of one queue, like the jobs', which begin with the prefix
 * ARGV: the prefix of the queue's keys, now in ms, a lock's life in ms, 1 = the queue's event stream tells of it
 *       then for each job: id, token, its value as JSON, its de-duplication's id when that lives as long as the job, else '', 1 = take another
 * -> for each job 0 (not ended), 1 (ended) or the next one as {fields, id}; at last the ms at which the next delayed job is due, or 0
 */
export const finishJobs = script(`
local wait, active, prioritized, events = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local stalled, delayed, meta, marker = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local prefix, now, lockMs, tells = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == '1'
${TAKING}
local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency', 'max')
if tells then
  local maxEvents = settings[1]
  if not maxEvents then
    maxEvents = 10000
    call('HSET', meta, 'opts.maxLenEvents', maxEvents)
  end
  call('XTRIM', events, 'MAXLEN', '~', maxEvents)
end

local isHeld = settings[2] or settings[3] or settings[4]
local wake = isDue and not settings[2]

local ended = {}
local function finish(id, token, value, dedupId)
  local key = prefix .. id
  local lock = key .. ':lock'
  if call('GET', lock) ~= token or call('EXISTS', key) == 0 or call('LREM', active, -1, id) < 1 then return false end
  ended[#ended + 1] = id
  if dedupId ~= '' then
    local dedupKey = prefix .. 'de:' .. dedupId
    if call('GET', dedupKey) == id then call('DEL', dedupKey) end
  end
  call('DEL', lock, key, key .. ':logs')
  tell('completed', 'jobId', id, 'returnvalue', value, 'prev', 'active')
  return true
end

local answers = {}
local isOver = false
for at = 5, #ARGV, 5 do
  local answer = 0
  if finish(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) then
    answer = 1
    local wanted = ARGV[at + 4] == '1'
    if wanted and not isHeld and not isDue then answer = takeNext(ARGV[at + 1]) or 1 end
    if answer == 1 and call('LLEN', wait) == 0 then
      local others = hasOthers()
      if others and wanted and not isHeld then wake = true end
      isOver = isOver or (wanted and not others and not isHeld)
      if not (others or (wanted and (firstDelayed or settings[2]))) and call('LLEN', active) == 0 then tell('drained') end
    end
  end
  answers[#answers + 1] = answer
end
if #ended > 0 then call('SREM', stalled, unpack(ended)) end
-- Priorities are counted from the beginning again.
if isOver then call('DEL', prefix .. 'pc') end
if isHeld and not settings[2] then wake = true end
if tookAny and isLeft() then wake = true end
if wake then call('ZADD', marker, 0, '0') end
answers[#answers + 1] = delayedUntil
return answers
`)
