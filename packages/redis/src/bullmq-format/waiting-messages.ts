// Owns: counting the messages that wait to be dispatched, over all jobs and inboxes.
import type { RedisConnection } from '../connect.ts'
import { messageInbox, MESSAGES_QUEUE, messagesOf, queueKey } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** Ids per command: about 0.1 ms for Redis. */
const PAGE = 1_000

/** The sum over all inboxes. Rejects with STORE_UNAVAILABLE, even when only one of them does not answer. */
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
 * Adds up the ids of waiting jobs, which contain the number of their messages: a separate counter could go wrong. It
 * reads from the end that workers take from, so that jobs that are taken meanwhile are not counted twice.
 */
async function waitingIn(redis: RedisConnection, key: string): Promise<number> {
  let count = 0
  for (let end = -1; ; end -= PAGE) {
    const ids = await redis.lrange(key, end - PAGE + 1, end)
    for (const id of ids) count += messagesOf(id)
    if (ids.length < PAGE) return count
  }
}
