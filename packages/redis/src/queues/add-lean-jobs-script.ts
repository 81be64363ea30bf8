// Owns: writing several lean jobs of one queue in one step: what BullMQ 6.7.0 needs to run them, and nothing that only tells of them.
// Which jobs may go this way, and when they go, is job-batches' business.
import { script } from '../script.ts'
import type { PlainJob, PlainJobOptions } from './add-jobs-script.ts'

/**
 * Of addStandardJob it leaves out the two entries in the queue's event stream, which cost as much as all else.
 *
 * KEYS: wait, meta, id, active, marker; all of one queue, like the jobs' and the de-duplication's, which begin with the prefix
 * ARGV: the prefix of the queue's keys, options, timestamp, ttl of the de-duplication in ms, then for each job: id, name, data, de-duplication's id
 * Answers an id for each: its own when it was added, or there already; else that of the job which it duplicates.
 * A delivery, whose id is its de-duplication's, says so as BullMQ's do: then whoever clears the queue forgets it, too.
 * Should a command fail, what was complete before it stands in the queue, and of its own job nothing is left.
 */
export const addLeanJobs = script(`
local wait, meta, counter, active, marker = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local prefix, options, timestamp, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local call, pcall = redis.call, redis.pcall
local ids, added = {}, {}
local failure

local function failed(answer)
  if type(answer) ~= 'table' or not answer.err then return false end
  failure = answer
  return true
end

for at = 5, #ARGV, 4 do
  local id = ARGV[at]
  local key = prefix .. id
  local dedupKey = prefix .. 'de:' .. ARGV[at + 3]
  local fresh = call('EXISTS', key) == 0 and pcall('SET', dedupKey, id, 'PX', ttl, 'NX')
  if failed(fresh) then break end
  if fresh then
    local written = pcall('HSET', key, 'name', ARGV[at + 1], 'data', ARGV[at + 2], 'opts', options, 'timestamp', timestamp,
      'delay', 0, 'priority', 0)
    if failed(written) then
      call('DEL', dedupKey)
      break
    end
    if ARGV[at + 3] == id then call('HSET', key, 'deid', id) end
    added[#added + 1] = id
    ids[#ids + 1] = id
  else
    local first = pcall('GET', dedupKey)
    if failed(first) then break end
    ids[#ids + 1] = first or id
  end
end

if #added > 0 then
  call('LPUSH', wait, unpack(added))
  call('INCRBY', counter, #added)
  local settings = call('HMGET', meta, 'paused', 'concurrency')
  local held = settings[1] or (settings[2] and call('LLEN', active) >= tonumber(settings[2]))
  if not held then call('ZADD', marker, 0, '0') end
end
return failure or ids
`)

/** Of one queue: `addLeanJobs`' KEYS. */
export const KEYS_TO_ADD_LEAN = ['wait', 'meta', 'id', 'active', 'marker'] as const

/** `addLeanJobs`' ARGV for these; undefined when they cannot go together: all are lean, remembered for one time and tried alike. */
export function leanArguments(prefix: string, jobs: readonly PlainJob[], nowMs: number): Array<string | number> | undefined {
  const [first] = jobs
  const ttl = first?.deduplication?.ttl
  if (first === undefined || ttl === undefined || ttl <= 0) return undefined
  const optionsJson = leanOptionsJson(first.options)
  const argv: Array<string | number> = [prefix, optionsJson, nowMs, ttl]
  for (const { id, name, data, lean, options, deduplication } of jobs) {
    if (!lean || leanOptionsJson(options) !== optionsJson || deduplication?.ttl !== ttl) return undefined
    argv.push(id, name, JSON.stringify(data), deduplication.id)
  }
  return argv
}

const leanOptions = new WeakMap<PlainJobOptions, string>()

function leanOptionsJson(options: PlainJobOptions): string {
  const known = leanOptions.get(options)
  if (known !== undefined) return known
  const { removeOnFail, ...others } = options
  // BullMQ keeps what failed unless it is told otherwise.
  const json = JSON.stringify(removeOnFail === false ? others : options)
  leanOptions.set(options, json)
  return json
}
