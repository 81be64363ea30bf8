// Owns: hearing what the consumers of a queue sink return from their jobs; some of it is a passive reply that a push waits for.
import { setTimeout as delay } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import type { RedisConnection } from '../connect.ts'
import { queueKey } from '../keys.ts'
import { createErrorLog, type WarnLog } from './error-log.ts'

export type ConsumerReturnsDeps = {
  /** A `blocking` connection; a copy of it is made, since reading blocks. */
  connection: RedisConnection
  /** The `sink.queue` of a subscription. */
  queue: string
  /** Called for each completed job in each process that listens; `jobId` is the delivery's id. Its failures are logged. */
  onReturn: (jobId: string, value: unknown) => Promise<void>
  log: WarnLog
}

export type ConsumerReturns = { close(): Promise<void> }

const BLOCK_MS = 5_000
/** What was returned while this process was starting may still be waited for; WeChat waits five seconds. */
const LOOK_BACK_MS = 5_000
const AFTER_FAILURE_MS = 1_000

/**
 * Reads the queue's event stream from five seconds ago, and from where it was after an outage. BullMQ's QueueEvents is not used:
 * it ends for good on a return value that is no JSON, which a consumer in another language may write.
 */
export function createConsumerReturns({ connection, queue, onReturn, log }: ConsumerReturnsDeps): ConsumerReturns {
  const stream = queueKey(queue, 'events')
  const redis = connection instanceof Cluster ? connection.duplicate() : connection.duplicate()
  const logError = createErrorLog(log, 'consumer_returns.failed', { queue })
  redis.on('error', logError)
  let closed = false
  // An entry's id begins with its time. `$` would skip what comes between two reads.
  let after: string | undefined

  async function readOn(): Promise<void> {
    after ??= `${Number((await redis.time())[0]) * 1000 - LOOK_BACK_MS}-0`
    const answer = await redis.xread('COUNT', 100, 'BLOCK', BLOCK_MS, 'STREAMS', stream, after)
    for (const [, entries] of answer ?? []) {
      for (const [id, flat] of entries) {
        after = id
        const completed = parseCompleted(flat)
        if (completed) onReturn(completed.jobId, completed.value).catch(logError)
      }
    }
  }

  async function readUntilClosed(): Promise<void> {
    while (!closed) {
      try {
        await readOn()
      } catch (error) {
        if (closed) return
        logError(error)
        await delay(AFTER_FAILURE_MS)
      }
    }
  }

  const reading = readUntilClosed()
  return {
    async close() {
      closed = true
      const isUp = redis.status === 'ready'
      redis.disconnect()
      // A read that waits for a Redis that is away is never answered; nothing is left of it but a promise.
      if (isUp) await reading
    },
  }
}

function parseCompleted(flat: readonly string[]): { jobId: string; value: unknown } | undefined {
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < flat.length; index += 2) fields.set(flat[index] ?? '', flat[index + 1] ?? '')
  const jobId = fields.get('jobId')
  if (fields.get('event') !== 'completed' || jobId === undefined) return undefined
  try {
    return { jobId, value: JSON.parse(fields.get('returnvalue') ?? 'null') }
  } catch {
    // Not JSON: no reply, and none of our business.
    return undefined
  }
}
