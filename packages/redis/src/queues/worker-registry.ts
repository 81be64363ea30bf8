// Owns: which workers are alive, by heartbeats in one sorted set, with Redis' clock.
import type { RedisConnection } from '../connect.ts'
import { INBOX_WORKERS_KEY } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'
import { redisTimeMs } from '../store-health.ts'

export type WorkerRegistry = {
  /** Writes this worker's heartbeat. Answers all live workers, itself included. Rejects with STORE_UNAVAILABLE. */
  beat(): Promise<readonly string[]>
  /** Removes this worker: the others take over its inboxes. Rejects with STORE_UNAVAILABLE. */
  leave(): Promise<void>
}

/** A worker without a heartbeat for this long is dead: several heartbeats, and the time of a failover. */
export const DEAD_AFTER_MS = 5_000
const LIFE_MS = 60_000

const beat = defineScript({ name: 'queues/beat', keys: ['workers'], args: ['worker', 'deadAfterMs', 'lifeMs'] })

/** All live workers, without a heartbeat. Rejects with STORE_UNAVAILABLE. */
export function aliveWorkers(redis: RedisConnection): Promise<string[]> {
  return guardStore(async () => {
    const aliveSinceMs = (await redisTimeMs(redis)) - DEAD_AFTER_MS
    return redis.zrangebyscore(INBOX_WORKERS_KEY, aliveSinceMs, '+inf')
  })
}

export function createWorkerRegistry(redis: RedisConnection, worker: string): WorkerRegistry {
  return {
    beat: () =>
      guardStore(async () => {
        const asked = { workers: INBOX_WORKERS_KEY, worker, deadAfterMs: DEAD_AFTER_MS, lifeMs: LIFE_MS }
        const alive = await beat(redis, asked)
        return Array.isArray(alive) ? alive.map(String) : []
      }),
    leave: () => guardStore(async () => void (await redis.zrem(INBOX_WORKERS_KEY, worker))),
  }
}
