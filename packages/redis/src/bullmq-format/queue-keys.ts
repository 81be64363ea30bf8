// Owns: the keys and fields of BullMQ that other folders read or write by commands of their own.
import { queueKey } from '../keys.ts'

/** The field of a job's hash with its data as JSON. */
export const JOB_DATA = 'data'

/** A key of the queue for code that needs its hash tag or its master. */
export const anyKeyOf = (queue: string) => queueKey(queue, 'wait')

/** The stream in which BullMQ reports each change of a job. */
export const eventsKey = (queue: string) => queueKey(queue, 'events')

/** The counter of added jobs: it exists once the queue has had a job. */
export const counterKey = (queue: string) => queueKey(queue, 'id')

/** The key by which BullMQ de-duplicates jobs with this id. */
export const deduplicationKey = (queue: string, id: string) => queueKey(queue, `de:${id}`)
