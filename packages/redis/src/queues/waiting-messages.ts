// Owns: how many messages wait to be dispatched, although several are one job.
import type { RedisConnection } from '../connect.ts'
import { MESSAGE_BATCHES_QUEUE, MESSAGES_QUEUE, messagesOf, queueKey } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** In one command: about 0.1 ms of Redis. */
const PAGE = 1_000

/**
 * From the ids of what waits, which say how many messages each job has: never a count of its own that could go wrong.
 * From the end that workers take from: what they take meanwhile is not counted twice. Rejects with STORE_UNAVAILABLE.
 */
export function waitingMessages(redis: RedisConnection): Promise<number> {
  return guardStore(async () => {
    const key = queueKey(MESSAGE_BATCHES_QUEUE, 'wait')
    let count = await redis.llen(queueKey(MESSAGES_QUEUE, 'wait'))
    for (let end = -1; ; end -= PAGE) {
      const ids = await redis.lrange(key, end - PAGE + 1, end)
      for (const id of ids) count += messagesOf(id)
      if (ids.length < PAGE) return count
    }
  })
}
