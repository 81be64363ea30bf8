// Owns: removing the marker that a taken job leaves in a queue without another job.
import type { RedisConnection } from '../connect.ts'
import { isVersionKnown } from '../driver-versions.ts'
import { queueKey } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'

/** Answers how many jobs the queue has, without those that run. Rejects with the driver's error. */
export type DropMarker = () => Promise<number>

const dropMarker = defineScript({
  name: 'bullmq-format/drop-marker',
  keys: ['wait', 'prioritized', 'delayed', 'marker'],
})

/** undefined with a BullMQ that the script was not made for. */
export function createDropMarker(redis: RedisConnection, queue: string): DropMarker | undefined {
  if (!isVersionKnown('bullmq')) return undefined
  const keys = {
    wait: queueKey(queue, 'wait'),
    prioritized: queueKey(queue, 'prioritized'),
    delayed: queueKey(queue, 'delayed'),
    marker: queueKey(queue, 'marker'),
  }
  return async () => Number(await dropMarker(redis, keys))
}
