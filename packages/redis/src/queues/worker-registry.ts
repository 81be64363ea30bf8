// Owns: which workers are alive, by the heartbeats that each writes into one sorted set. Redis' clock alone judges.
import type { RedisConnection } from '../connect.ts'
import { INBOX_WORKERS_KEY } from '../keys.ts'
import { defineScript } from '../lua/define-script.ts'
import { guardStore } from '../store-errors.ts'

export type WorkerRegistry = {
  /** Says that this worker is alive. Answers all that are, itself included. Rejects with STORE_UNAVAILABLE. */
  beat(): Promise<readonly string[]>
  /** Its work is the others' from now on. Rejects with STORE_UNAVAILABLE. */
  leave(): Promise<void>
}

/** Who was silent for this long is dead: several heartbeats, and what a failover takes. */
export const DEAD_AFTER_MS = 5_000
const LIFE_MS = 60_000

const beat = defineScript({ name: 'queues/beat', keys: ['workers'], args: ['worker', 'deadAfterMs', 'lifeMs'] })

/** All that are alive, for whoever is none of them. Rejects with STORE_UNAVAILABLE. */
export function aliveWorkers(redis: RedisConnection): Promise<string[]> {
  return guardStore(async () => {
    const [seconds, microseconds] = await redis.time()
    const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
    return redis.zrangebyscore(INBOX_WORKERS_KEY, nowMs - DEAD_AFTER_MS, '+inf')
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
