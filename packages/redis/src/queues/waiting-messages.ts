// Owns: how many messages wait to be dispatched, although several are one job and there are several inboxes.
import type { RedisConnection } from '../connect.ts'
import { messageInbox, MESSAGES_QUEUE, messagesOf, queueKey } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** In one command: about 0.1 ms of Redis. */
const PAGE = 1_000

/** In all of `inboxes` inboxes. Rejects with STORE_UNAVAILABLE, also when one of them does not answer. */
export function waitingMessages(redis: RedisConnection, inboxes: number): Promise<number> {
  return guardStore(async () => {
    const batches = Array.from({ length: inboxes }, (_, index) =>
      waitingIn(redis, queueKey(messageInbox(index), 'wait')),
    )
    const counts = await Promise.all([redis.llen(queueKey(MESSAGES_QUEUE, 'wait')), ...batches])
    return counts.reduce((sum, count) => sum + count, 0)
  })
}

/**
 * From the ids of what waits, which say how many messages each job has: never a count of its own that could go wrong.
 * From the end that workers take from: what they take meanwhile is not counted twice.
 */
async function waitingIn(redis: RedisConnection, key: string): Promise<number> {
  let count = 0
  for (let end = -1; ; end -= PAGE) {
    const ids = await redis.lrange(key, end - PAGE + 1, end)
    for (const id of ids) count += messagesOf(id)
    if (ids.length < PAGE) return count
  }
}
