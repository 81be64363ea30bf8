// Owns: console sessions that were ended before they expired, shared by all ingress processes.
import type { RedisConnection } from '../connect.ts'
import { endedConsoleSessionKey } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** Both reject with STORE_UNAVAILABLE. */
export type EndedSessions = {
  /** Kept for `lifeMs`, the longest time that a cookie of the session may be valid. */
  end(id: string, lifeMs: number): Promise<void>
  isEnded(id: string): Promise<boolean>
}

export function createEndedSessions(redis: RedisConnection): EndedSessions {
  return {
    end: (id, lifeMs) =>
      guardStore(async () => {
        await redis.set(endedConsoleSessionKey(id), '1', 'PX', lifeMs)
      }),
    isEnded: (id) => guardStore(async () => (await redis.exists(endedConsoleSessionKey(id))) === 1),
  }
}
