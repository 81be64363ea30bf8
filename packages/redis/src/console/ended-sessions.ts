// Owns: which sessions of the console were ended before their time, as every ingress has to know.
import type { RedisConnection } from '../connect.ts'
import { endedConsoleSessionKey } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** Both reject with STORE_UNAVAILABLE. */
export type EndedSessions = {
  /** Kept for `lifeMs`: as long as a cookie of the session may be good by its own time. */
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
