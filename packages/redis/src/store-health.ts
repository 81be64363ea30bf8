// Owns: whether Redis can be relied on now: it takes writes, and it never evicts.
import type { RedisConnection } from './connect.ts'

const PROBE_TTL_MS = 60_000

/** A write, since a replica, a full or a failing disk all still answer PING. Rejects when Redis does not take it. */
export async function probeWrite(redis: RedisConnection, probeKey: string): Promise<void> {
  await redis.set(probeKey, '1', 'PX', PROBE_TTL_MS)
}

/** `maxmemory-policy`, from INFO: CONFIG is usually forbidden to applications. */
export async function evictionPolicy(redis: RedisConnection): Promise<string | undefined> {
  const info = await redis.info('memory')
  return /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
}
