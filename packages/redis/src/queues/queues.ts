// Owns: the BullMQ queues that this process puts jobs into, opened when first needed and sharing one connection.
import { Queue } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { QUEUE_PREFIX } from '../keys.ts'
import { createErrorLog, type WarnLog } from './error-log.ts'
import { createJobBatches, type JobBatches } from './job-batches.ts'

export type Queues = {
  open(name: string): Queue
  /** As Queue.add of a job without delay, priority or parent, together with what else is added at this moment. */
  add: JobBatches['add']
  /** Lets go of a queue of a subscription that is no more; its jobs are not touched. */
  release(name: string): Promise<void>
  close(): Promise<void>
}

/**
 * `connection` may be one that is not ready and fails fast: without the two skips BullMQ would send INFO on it, whose
 * rejection ends the process when nobody listens. It stays open when the queues close: it belongs to the caller.
 */
export function createQueues({ connection, log }: { connection: RedisConnection; log: WarnLog }): Queues {
  const opened = new Map<string, Queue>()
  const onError = createErrorLog(log, 'queue.failed')

  function open(name: string): Queue {
    const known = opened.get(name)
    if (known) return known
    const queue = new Queue(name, {
      connection,
      prefix: QUEUE_PREFIX,
      skipWaitingForReady: true,
      skipVersionCheck: true,
      // Else merely opening the queue of a deleted subscription would leave a key behind.
      skipMetasUpdate: true,
    })
    queue.on('error', onError)
    opened.set(name, queue)
    return queue
  }

  return {
    open,
    add: createJobBatches({ connection, open }).add,
    async release(name) {
      const queue = opened.get(name)
      opened.delete(name)
      await queue?.close()
    },
    async close() {
      const closing = [...opened.values()].map((queue) => queue.close())
      opened.clear()
      await Promise.all(closing)
    },
  }
}
