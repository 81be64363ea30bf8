// Owns: the BullMQ queues that this process adds jobs to. They are opened at their first use and share one connection.
import { Queue } from 'bullmq'
import type { RedisConnection } from '../connect.ts'
import { QUEUE_PREFIX } from '../keys.ts'
import { createErrorLog, type WarnLog } from './error-log.ts'
import type { PlainJobOptions } from './job-options.ts'

/** An internal job, which BullMQ adds, runs and ends. */
export type PlainJob = {
  id: string
  name: string
  data: unknown
  options: PlainJobOptions
  deduplication?: { id: string; ttl?: number }
}

export type Queues = {
  open(name: string): Queue
  /**
   * Resolves when Redis has accepted the job, with its id or with the id of the job that it duplicates. Rejects as
   * Queue.add.
   */
  add(queueName: string, job: PlainJob): Promise<string>
  /** Closes the queue of a deleted subscription in this process. Its jobs stay. */
  release(name: string): Promise<void>
  close(): Promise<void>
}

/**
 * `connection` may be unconnected and fail fast. Without the two skips BullMQ would send INFO on it, whose unhandled
 * rejection would end the process. The connection belongs to the caller, and stays open when the queues close.
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
      // Otherwise opening the queue of a deleted subscription would write a key.
      skipMetasUpdate: true,
    })
    queue.on('error', onError)
    opened.set(name, queue)
    return queue
  }

  return {
    open,
    async add(queueName, { id, name, data, options, deduplication }) {
      const once = deduplication ? { deduplication } : {}
      const job = await open(queueName).add(name, data, { ...options, jobId: id, ...once })
      if (job.id === undefined) throw new Error('the queue gave a job no id')
      return job.id
    },
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
