// Owns: adding several jobs to one queue in one step, in the format of addStandardJob of BullMQ 6.7.0. A test compares
// each key and field.
import { defineScript } from '../lua/define-script.ts'
import type { PlainJobOptions } from '../queues/job-options.ts'

export type ConsumerJob = { id: string; name: string; data: unknown; options: PlainJobOptions }

export const addJobs = defineScript({
  name: 'bullmq-format/add-jobs',
  keys: ['wait', 'meta', 'counter', 'active', 'events', 'marker'],
  args: ['prefix', 'count'],
  eachArgs: ['id', 'name', 'data', 'options', 'timestamp'],
})

/** BullMQ's Queue, or a backend of it. */
type Keyed = { keys: Readonly<Record<string, string>> }

/** The keys of a queue to which the script adds jobs. */
export function keysToAdd({ keys }: Keyed) {
  const key = (name: string) => keys[name] ?? ''
  return {
    wait: key('wait'),
    meta: key('meta'),
    counter: key('id'),
    active: key('active'),
    events: key('events'),
    marker: key('marker'),
  }
}

/** The prefix of all keys of the queue; it ends in a colon. */
export function prefixOf({ keys }: Keyed): string {
  return keys[''] ?? ''
}

/** The options of a job as BullMQ stores them. */
export function optionsJson({ id, options }: Pick<ConsumerJob, 'id' | 'options'>): string {
  return JSON.stringify({ attempts: 0, ...options, jobId: id })
}
