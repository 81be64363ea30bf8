// Owns: pushes that no earlier run has sent, and the queue that gets them.
import { Queue } from 'bullmq'

/** The queue of messages, as packages/redis names it. */
const QUEUE = '{wx-messages.0}'
const PAGE = 1_000

export function createMessages({ gateway, load }) {
  const redis = gateway.redis.client
  const queue = new Queue(QUEUE, { connection: redis, prefix: 'bull' })
  let made = 0
  return {
    queue,
    /** Numbers of the first one, and of the one after the last. */
    async prepare(count, { port = gateway.ports.public } = {}) {
      const first = made
      made += count
      await load.prepare({ component: gateway.component, ...gateway.account, port, count, first })
      return first
    },
    /** Number of messages, not of jobs: a job's id ends in its number of messages. */
    async waiting() {
      let count = 0
      for (let end = -1; ; end -= PAGE) {
        const ids = await redis.lrange(`bull:${QUEUE}:wait`, end - PAGE + 1, end)
        for (const id of ids) count += Number(/x(\d+)$/.exec(id)?.[1] ?? 1)
        if (ids.length < PAGE) return count
      }
    },
    /** Checks that requests were answered while it was measured, all of them by 200. */
    expectAccepted({ answered, statuses, failures, unanswered }) {
      if (answered === 0) throw new Error('no push was measured: more have to be prepared')
      const others = Object.keys(statuses).filter((status) => status !== '200')
      if (others.length > 0 || failures > 0 || unanswered > 0) {
        throw new Error(`not all pushes were accepted: ${JSON.stringify({ statuses, failures, unanswered })}`)
      }
    },
    async clear() {
      await queue.obliterate({ force: true, count: 20_000 })
      // De-duplication markers stay for hours.
      await deleteMatching(redis, 'wx:*:arrival:*')
    },
  }
}

async function deleteMatching(redis, pattern) {
  for (let cursor = '0', isFirst = true; isFirst || cursor !== '0'; isFirst = false) {
    const [next, keys] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 2_000)
    cursor = next
    if (keys.length > 0) await redis.unlink(...keys)
  }
}
