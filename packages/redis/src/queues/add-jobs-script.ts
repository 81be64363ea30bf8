// Owns: writing several jobs of one queue in one step, in the very format of BullMQ 6.7.0's addStandardJob; a test holds it to
// that, key by key and field by field. Which jobs may go this way, and when they go, is job-batches' business.
import type { JobsOptions } from 'bullmq'
import { script } from '../script.ts'

/** The only version whose format this is: with any other, jobs are added by BullMQ itself. */
export const FORMAT_OF_BULLMQ = '6.7.0'

export type PlainJobOptions = Pick<JobsOptions, 'attempts' | 'backoff' | 'removeOnComplete' | 'removeOnFail' | 'stackTraceLimit'>

export type PlainJob = {
  id: string
  name: string
  data: unknown
  options: PlainJobOptions
  deduplication?: { id: string; ttl?: number }
  /**
   * For jobs that wait by the million and are read by the gateway alone: the options do not repeat the job's id and its
   * de-duplication, which stand in keys of their own, and the queue's event stream does not tell that they were added. Removed by
   * hand, a fan-out stays remembered for its time.
   */
  lean?: boolean
}

/**
 * KEYS: wait, meta, id, active, events, marker; all of one queue, like the jobs' and the de-duplication's, which begin with the prefix
 * ARGV: the prefix of the queue's keys, then for each job: id, name, data, options, timestamp, de-duplication's id ('' = none), its ttl
 * Answers an id for each: the job's own, or that of the job which it duplicates.
 * Each job is complete before the next begins: should a command fail, what was written stands in the queue.
 */
export const addJobs = script(`
local wait, meta, counter, active, events, marker = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local prefix = ARGV[1]
local call = redis.call
local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
local maxEvents = settings[1]
if not maxEvents then
  maxEvents = 10000
  call('HSET', meta, 'opts.maxLenEvents', maxEvents)
end
local held = settings[2] or (settings[3] and call('LLEN', active) >= tonumber(settings[3]))
call('INCRBY', counter, (#ARGV - 1) / 7)

local function event(...)
  call('XADD', events, 'MAXLEN', '~', maxEvents, '*', 'event', ...)
end

local function duplicateOf(key, id, dedupId, ttl)
  local taken
  if ttl > 0 then taken = not call('SET', key, id, 'PX', ttl, 'NX') else taken = not call('SET', key, id, 'NX') end
  if not taken then return nil end
  local first = call('GET', key)
  if call('PTTL', key) == -1 and call('EXISTS', prefix .. first) == 0 then
    call('DEL', key)
    call('DEL', prefix .. 'dn:' .. dedupId)
    if ttl > 0 then call('SET', key, id, 'PX', ttl) else call('SET', key, id) end
    return nil
  end
  event('deduplicated', 'jobId', first, 'deduplicationId', dedupId, 'deduplicatedJobId', id)
  return first
end

local ids = {}
local marked = held
for at = 2, #ARGV, 7 do
  local id, name, dedupId = ARGV[at], ARGV[at + 1], ARGV[at + 5]
  local key = prefix .. id
  if call('EXISTS', key) == 1 then
    event('duplicated', 'jobId', id)
    ids[#ids + 1] = id
  else
    local first
    if dedupId ~= '' then first = duplicateOf(prefix .. 'de:' .. dedupId, id, dedupId, tonumber(ARGV[at + 6])) end
    if first then
      ids[#ids + 1] = first
    else
      if dedupId ~= '' then
        call('HSET', key, 'name', name, 'data', ARGV[at + 2], 'opts', ARGV[at + 3], 'timestamp', ARGV[at + 4],
          'delay', 0, 'priority', 0, 'deid', dedupId)
      else
        call('HSET', key, 'name', name, 'data', ARGV[at + 2], 'opts', ARGV[at + 3], 'timestamp', ARGV[at + 4],
          'delay', 0, 'priority', 0)
      end
      call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
      call('LPUSH', wait, id)
      if not marked then
        call('ZADD', marker, 0, '0')
        marked = true
      end
      event('waiting', 'jobId', id)
      ids[#ids + 1] = id
    end
  end
end
return ids
`)

/** As Queue.add takes them. */
export function bullMqOptions({ id, options, deduplication }: PlainJob): JobsOptions {
  return { ...options, jobId: id, ...(deduplication === undefined ? {} : { deduplication }) }
}

/** `addJobs`' ARGV for these. */
export function jobArguments(prefix: string, jobs: readonly PlainJob[], nowMs: number): Array<string | number> {
  const argv: Array<string | number> = [prefix]
  for (const job of jobs) {
    const { id, name, data, deduplication } = job
    argv.push(id, name, JSON.stringify(data ?? {}), optionsJson(job), nowMs, deduplication?.id ?? '', deduplication?.ttl ?? 0)
  }
  return argv
}

function optionsJson({ id, options, deduplication }: PlainJob): string {
  return JSON.stringify({ attempts: 0, ...options, jobId: id, ...(deduplication === undefined ? {} : { de: deduplication }) })
}
