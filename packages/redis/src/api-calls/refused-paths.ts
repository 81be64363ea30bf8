// Owns: which of WeChat's APIs refuse a token of an account that was fresh: there it is not the token, and none is bought for it.
import { hash } from 'node:crypto'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

export type RefusedPaths = {
  /** `subject`: an appid, or `component`. Rejects with STORE_UNAVAILABLE, as `has`. */
  add(subject: string, path: string): Promise<void>
  /** Within the last hour. */
  has(subject: string, path: string): Promise<boolean>
}

const REMEMBERED_SECONDS = 3_600

export function createRefusedPaths({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): RefusedPaths {
  // A path may be as long as its caller likes.
  const keyOf = (subject: string, path: string) => keys.apiRefused(subject, hash('sha256', path, 'hex'))
  return {
    add: (subject, path) => guardStore(async () => void (await redis.set(keyOf(subject, path), '1', 'EX', REMEMBERED_SECONDS))),
    has: (subject, path) => guardStore(async () => (await redis.exists(keyOf(subject, path))) === 1),
  }
}
