// Owns: since when the event log has every event, and whether the bound on their number drops events early.
import type { RedisConnection } from '../connect.ts'
import type { MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'

/** `isFull`: the oldest events are dropped before EVENT_LOG_SECONDS are over. */
export type LogReach = { wholeFromMs: number; isFull: boolean }

type LogReachDeps = {
  redis: RedisConnection
  shards: Pick<MessageShards, 'all'>
  eventLogSeconds: number
  /** In all shards. */
  maxEvents: number
}

/** Two commands per shard. Rejects with STORE_UNAVAILABLE. */
export function readLogReach({ redis, shards, eventLogSeconds, maxEvents }: LogReachDeps): Promise<LogReach> {
  return guardStore(async () => {
    const all = shards.all()
    const maxPerShard = Math.ceil(maxEvents / all.length)
    const cuts = await Promise.all(
      all.map(async ({ events }) => {
        const [count, [, oldest]] = await Promise.all([
          redis.zcard(events),
          redis.zrange(events, '0', '0', 'WITHSCORES'),
        ])
        return count >= maxPerShard && oldest !== undefined ? [Number(oldest)] : []
      }),
    )
    return {
      wholeFromMs: Math.max(Date.now() - eventLogSeconds * 1000, ...cuts.flat()),
      isFull: cuts.flat().length > 0,
    }
  })
}
