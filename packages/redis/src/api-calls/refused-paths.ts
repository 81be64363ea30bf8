// Owns: which of WeChat's APIs refuse a token of an account that was fresh: there it is not the token, and none is bought for it.
import { hash } from 'node:crypto'
import type { Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

export type RefusedPaths = {
  /**
   * `subject`: an appid, or `component`. `fresh`: a token was bought for this path, and whether it takes that one nobody has seen: if it
   * does not, no other is bought. Without it, none is bought at all. Rejects with STORE_UNAVAILABLE, as `has`.
   */
  add(subject: string, path: string, fresh?: Secret): Promise<void>
  /** Within the last hour, of this token. */
  has(subject: string, path: string, refused: Secret): Promise<boolean>
}

const REMEMBERED_SECONDS = 3_600
const ANY_TOKEN = '*'

export function createRefusedPaths({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): RefusedPaths {
  // A path may be as long as its caller likes.
  const keyOf = (subject: string, path: string) => keys.apiRefused(subject, hash('sha256', path, 'hex'))
  return {
    add: (subject, path, fresh) =>
      guardStore(async () => {
        const key = keyOf(subject, path)
        if (fresh === undefined) await redis.set(key, ANY_TOKEN, 'EX', REMEMBERED_SECONDS)
        else await redis.set(key, digestOf(fresh), 'EX', REMEMBERED_SECONDS, 'NX')
      }),
    has: (subject, path, refused) =>
      guardStore(async () => [ANY_TOKEN, digestOf(refused)].includes((await redis.get(keyOf(subject, path))) ?? '')),
  }
}

function digestOf(token: Secret): string {
  return hash('sha256', token.reveal(), 'base64url')
}
