// Owns: writing several jobs of one queue in one step, in the very format of BullMQ 6.7.0's addStandardJob; a test
// holds it to that, key by key and field by field.
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

/** The keys of a queue that adding a job takes. */
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

/** Of all keys of the queue; it ends in a colon. */
export function prefixOf({ keys }: Keyed): string {
  return keys[''] ?? ''
}

/** As BullMQ keeps them in a job. */
export function optionsJson({ id, options }: Pick<ConsumerJob, 'id' | 'options'>): string {
  return JSON.stringify({ attempts: 0, ...options, jobId: id })
}
