// Owns: which workers are alive, by the heartbeats that each writes into one sorted set. Redis' clock alone judges.
import type { RedisConnection } from '../connect.ts'
import { INBOX_WORKERS_KEY } from '../keys.ts'
import { NOW_LUA } from '../now-script.ts'
import { runScript, script } from '../script.ts'
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

/**
 * KEYS: workers
 * ARGV: worker, ms of silence after which one is dead, life in ms
 * -> all that are alive
 */
const beat = script(`${NOW_LUA}
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[2]))
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('ZRANGE', KEYS[1], 0, -1)
`)

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
        const alive = await runScript(redis, beat, { keys: [INBOX_WORKERS_KEY], args: [worker, DEAD_AFTER_MS, LIFE_MS] })
        return Array.isArray(alive) ? alive.map(String) : []
      }),
    leave: () => guardStore(async () => void (await redis.zrem(INBOX_WORKERS_KEY, worker))),
  }
}
