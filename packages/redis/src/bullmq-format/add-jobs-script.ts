// Owns: writing several jobs of one queue in one step, in the very format of BullMQ 6.7.0's addStandardJob; a test
// holds it to that, key by key and field by field.
import type { PlainJobOptions } from '../queues/job-options.ts'
import { script } from '../script.ts'

export type ConsumerJob = { id: string; name: string; data: unknown; options: PlainJobOptions }

/** Of a queue, in the order in which `addingTo` takes them. */
export const KEYS_TO_ADD = ['wait', 'meta', 'id', 'active', 'events', 'marker'] as const

/**
 * The part that scripts have which add jobs. `addingTo(prefix, count, wait, meta, id, active, events, marker)` answers
 * a function that adds the `count` jobs of one queue: `add(id, name, data, options, timestamp)`. A job that is there
 * already stays as it is. Jobs' keys begin with the prefix. Each job is complete before the next begins: should a
 * command fail, what was written stands in the queue.
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

  return function(id, name, data, options, timestamp)
    local key = prefix .. id
    if call('EXISTS', key) == 1 then
      event('duplicated', 'jobId', id)
      return id
    end
    call('HSET', key, 'name', name, 'data', data, 'opts', options, 'timestamp', timestamp, 'delay', 0, 'priority', 0)
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
 * ARGV: the prefix of the queue's keys, then for each job: id, name, data, options, timestamp
 * -> the id of each
 */
export const addJobs = script(`${ADDING}
local add = addingTo(ARGV[1], (#ARGV - 1) / 5, unpack(KEYS))
local ids = {}
for at = 2, #ARGV, 5 do ids[#ids + 1] = add(unpack(ARGV, at, at + 4)) end
return ids
`)

/** `addJobs`' ARGV for these. */
export function jobArguments(prefix: string, jobs: readonly ConsumerJob[], nowMs: number): Array<string | number> {
  const argv: Array<string | number> = [prefix]
  for (const job of jobs) argv.push(job.id, job.name, JSON.stringify(job.data ?? {}), optionsJson(job), nowMs)
  return argv
}

/** As BullMQ keeps them in a job. */
export function optionsJson({ id, options }: Pick<ConsumerJob, 'id' | 'options'>): string {
  return JSON.stringify({ attempts: 0, ...options, jobId: id })
}
