// Owns: writing several jobs of one queue in one step, in the very format of BullMQ 6.7.0's addStandardJob; a test holds it to
// that, key by key and field by field. Which jobs may go this way, and when they go, is job-batches' business.
import type { JobsOptions } from 'bullmq'
import { script } from '../script.ts'

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

/** Of a queue, in the order in which `addingTo` takes them. */
export const KEYS_TO_ADD = ['wait', 'meta', 'id', 'active', 'events', 'marker'] as const

/**
 * The part that scripts have which add jobs. `addingTo(prefix, count, wait, meta, id, active, events, marker)` answers a function
 * that adds the `count` jobs of one queue: `add(id, name, data, options, timestamp, de-duplication's id ('' = none), its ttl)`.
 * It answers the job's own id, or that of the job which it duplicates. Jobs' keys and the de-duplication's begin with the prefix.
 * Each job is complete before the next begins: should a command fail, what was written stands in the queue.
 */
export const ADDING = `
local function addingTo(prefix, count, wait, meta, counter, active, events, marker)
  local call = redis.call
  local settings = call('HMGET', meta, 'opts.maxLenEvents', 'paused', 'concurrency')
  local maxEvents = settings[1]
  if not maxEvents then
    maxEvents = 10000
    call('HSET', meta, 'opts.maxLenEvents', maxEvents)
  end
  local marked = settings[2] or (settings[3] and call('LLEN', active) >= tonumber(settings[3]))
  call('INCRBY', counter, count)

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

  return function(id, name, data, options, timestamp, dedupId, ttl)
    local key = prefix .. id
    if call('EXISTS', key) == 1 then
      event('duplicated', 'jobId', id)
      return id
    end
    local first
    if dedupId ~= '' then first = duplicateOf(prefix .. 'de:' .. dedupId, id, dedupId, tonumber(ttl)) end
    if first then return first end
    if dedupId ~= '' then
      call('HSET', key, 'name', name, 'data', data, 'opts', options, 'timestamp', timestamp, 'delay', 0, 'priority', 0, 'deid', dedupId)
    else
      call('HSET', key, 'name', name, 'data', data, 'opts', options, 'timestamp', timestamp, 'delay', 0, 'priority', 0)
    end
    call('XADD', events, '*', 'event', 'added', 'jobId', id, 'name', name)
    call('LPUSH', wait, id)
    if not marked then
      call('ZADD', marker, 0, '0')
      marked = true
    end
    event('waiting', 'jobId', id)
    return id
  end
end
`

/**
 * KEYS: `KEYS_TO_ADD` of one queue
 * ARGV: the prefix of the queue's keys, then for each job: id, name, data, options, timestamp, de-duplication's id, its ttl
 * Answers an id for each: the job's own, or that of the job which it duplicates.
 */
export const addJobs = script(`${ADDING}
local add = addingTo(ARGV[1], (#ARGV - 1) / 7, unpack(KEYS))
local ids = {}
for at = 2, #ARGV, 7 do ids[#ids + 1] = add(unpack(ARGV, at, at + 6)) end
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

/** As BullMQ keeps them in a job. */
export function optionsJson({ id, options, deduplication }: Pick<PlainJob, 'id' | 'options' | 'deduplication'>): string {
  return JSON.stringify({ attempts: 0, ...options, jobId: id, ...(deduplication === undefined ? {} : { de: deduplication }) })
}
