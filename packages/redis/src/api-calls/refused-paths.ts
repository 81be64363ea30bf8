// Owns: the APIs of WeChat that refused a new token of an account. The token is not the cause there, so their refusals
// trigger no refresh.
import { hash } from 'node:crypto'
import type { Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

export type CalledPath = {
  /** An appid, or `component`. */
  subject: string
  path: string
  /** Whether the catalogue has it: a caller can invent any number of other paths. */
  isKnown: boolean
}

export type RefusedPaths = {
  /**
   * `fresh`: a token that was refreshed for this path and not tried there yet: if the path refuses it, no other refresh
   * follows. Without it, no refresh follows for any token. Rejects with STORE_UNAVAILABLE, as `has`.
   */
  add(called: CalledPath, fresh?: Secret): Promise<void>
  /**
   * Whether a refresh for this token is useless, by the last hour. When too many unknown paths of a subject were added,
   * this is true for all its unknown paths.
   */
  has(called: CalledPath, refused: Secret): Promise<boolean>
}

const REMEMBERED_SECONDS = 3_600
/** Unknown paths of one subject. */
const MAX_UNKNOWN_PATHS = 16
const ANY_TOKEN = '*'

export function createRefusedPaths({ redis, keys }: { redis: RedisConnection; keys: PlatformKeys }): RefusedPaths {
  // Hashed, because a path has no bound of its length.
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
