// Owns: which of WeChat's APIs refuse a token of an account that was fresh: there it is not the token, and none is
// bought for it.
import { hash } from 'node:crypto'
import type { Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

export type CalledPath = {
  /** An appid, or `component`. */
  subject: string
  path: string
  /** The others are made up as easily as one likes. */
  isKnown: boolean
}

export type RefusedPaths = {
  /**
   * `fresh`: a token was bought for this path, and whether it takes that one nobody has seen: if it
   * does not, no other is bought. Without it, none is bought at all. Rejects with STORE_UNAVAILABLE, as `has`.
   */
  add(called: CalledPath, fresh?: Secret): Promise<void>
  /**
   * Within the last hour, of this token. Of paths that are not known so many may do this, and then none of them buys a
   * token.
   */
  has(called: CalledPath, refused: Secret): Promise<boolean>
}

const REMEMBERED_SECONDS = 3_600
/** Of one subject, that are not known. */
const MAX_UNKNOWN_PATHS = 16
const ANY_TOKEN = '*'

export function createRefusedPaths({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): RefusedPaths {
  // A path may be as long as its caller likes.
  const keyOf = ({ subject, path }: CalledPath) => keys.apiRefused(subject, hash('sha256', path, 'hex'))
  const unknownOf = ({ subject }: CalledPath) => keys.apiRefusedUnknown(subject)

  return {
    add: (called, fresh) =>
      guardStore(async () => {
        const key = keyOf(called)
        if (fresh === undefined) await redis.set(key, ANY_TOKEN, 'EX', REMEMBERED_SECONDS)
        else await redis.set(key, digestOf(fresh), 'EX', REMEMBERED_SECONDS, 'NX')
        if (called.isKnown) return
        await redis.sadd(unknownOf(called), key)
        await redis.expire(unknownOf(called), REMEMBERED_SECONDS)
      }),
    has: (called, refused) =>
      guardStore(async () => {
        const remembered = (await redis.get(keyOf(called))) ?? ''
        if (remembered === ANY_TOKEN || remembered === digestOf(refused)) return true
        return !called.isKnown && (await redis.scard(unknownOf(called))) >= MAX_UNKNOWN_PATHS
      }),
  }
}

function digestOf(token: Secret): string {
  return hash('sha256', token.reveal(), 'base64url')
}
