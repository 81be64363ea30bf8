// Owns: counting the messages that wait to be dispatched, over all inboxes: in jobs, retries included, and in the lists
// of ordered accounts.
import type { RedisConnection } from '../connect.ts'
import { messageInbox, MESSAGES_QUEUE, messagesOf, queueKey } from '../keys.ts'
import { countLaneEntries } from '../ordering/count-entries.ts'
import { guardStore } from '../store-errors.ts'

/** Ids per command: about 0.1 ms for Redis. */
const PAGE = 1_000

/** The sum over all inboxes. Rejects with STORE_UNAVAILABLE, even when only one of them does not answer. */
export function waitingMessages(redis: RedisConnection, inboxes: number): Promise<number> {
  return guardStore(async () => {
    const counts = await Promise.all([
      redis.llen(queueKey(MESSAGES_QUEUE, 'wait')),
      redis.zcard(queueKey(MESSAGES_QUEUE, 'delayed')),
      ...Array.from({ length: inboxes }, (_, index) => waitingIn(redis, index)),
    ])
    return counts.reduce((sum, count) => sum + count, 0)
  })
}

/** Adds up the ids of jobs, which contain the number of their messages: a separate counter could go wrong. */
async function waitingIn(redis: RedisConnection, inbox: number): Promise<number> {
  const wait = queueKey(messageInbox(inbox), 'wait')
  const delayed = queueKey(messageInbox(inbox), 'delayed')
  const counts = await Promise.all([
    // From the end that workers take from, so that jobs that are taken meanwhile are not counted twice.
    countPages((first, last) => redis.lrange(wait, -last - 1, -first - 1)),
    // The latest first, because the others become due meanwhile.
    countPages((first, last) => redis.zrevrange(delayed, first, last)),
    countLaneEntries(redis, inbox),
  ])
  return counts.reduce((sum, count) => sum + count, 0)
}

async function countPages(read: (first: number, last: number) => Promise<string[]>): Promise<number> {
  let count = 0
  for (let first = 0; ; first += PAGE) {
    const ids = await read(first, first + PAGE - 1)
    for (const id of ids) count += messagesOf(id)
    if (ids.length < PAGE) return count
  }
}
