// Owns: a lock for what may be done once within a time, over all processes.
import { guardStore, type RedisConnection } from '@wxgw/redis'

/** True for the first call within `seconds`. */
export async function once(redis: RedisConnection, key: string, seconds: number): Promise<boolean> {
  return guardStore(async () => (await redis.set(key, '1', 'EX', seconds, 'NX')) === 'OK')
}
