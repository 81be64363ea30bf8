// Owns: pushes to the component's URL that cannot be parsed, kept for the operator: sealed, for a day, the latest 50 of
// a platform.
import type { Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from './connect.ts'
import type { PlatformKeys } from './keys.ts'
import { defineScript } from './lua/define-script.ts'
import type { SealedPlace, Sealer } from './sealed.ts'
import { guardStore } from './store-errors.ts'

/** Each has at most 1 MiB, and a third more when sealed. */
export const MAX_UNPARSED_PUSHES = 50
const KEPT_SECONDS = 86_400

export type UnparsedPushes = {
  /** A repeat keeps it for another day. Rejects with STORE_UNAVAILABLE. */
  keep(push: { eventId: string; plaintext: string; receivedAtMs: number }): Promise<void>
  /** Newest first. */
  list(): Promise<Array<{ eventId: string; receivedAtMs: number }>>
  /** undefined when it is not stored (any more). Rejects with INTERNAL when no key opens it. */
  read(eventId: string): Promise<Secret | undefined>
}

const keepPush = defineScript({
  name: 'keep-push',
  keys: ['push', 'pushes'],
  args: ['sealed', 'eventId', 'receivedAtMs', 'life', 'limit', 'prefix'],
})

export type UnparsedPushesDeps = {
  platform: string
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'unparsedPush' | 'unparsedPushes'>
  sealer: Sealer
}

export function createUnparsedPushes({ platform, redis, keys, sealer }: UnparsedPushesDeps): UnparsedPushes {
  return {
    keep: ({ eventId, plaintext, receivedAtMs }) =>
      guardStore(async () => {
        const sealed = sealer.seal(plaintext, unparsedPushPlace(platform, eventId))
        await keepPush(redis, {
          push: keys.unparsedPush(eventId),
          pushes: keys.unparsedPushes,
          sealed,
          eventId,
          receivedAtMs,
          life: KEPT_SECONDS,
          limit: MAX_UNPARSED_PUSHES,
          prefix: keys.unparsedPush(''),
        })
      }),

    list: () =>
      guardStore(async () => {
        const listed = await redis.zrevrange(keys.unparsedPushes, 0, -1, 'WITHSCORES')
        const items: Array<{ eventId: string; receivedAtMs: number }> = []
        for (let at = 0; at + 1 < listed.length; at += 2) {
          const [eventId = '', score] = listed.slice(at, at + 2)
          // New pushes prolong the index, so it may contain ids of expired ones.
          if ((await redis.exists(keys.unparsedPush(eventId))) === 1)
            items.push({ eventId, receivedAtMs: Number(score) })
        }
        return items
      }),

    read: (eventId) =>
      guardStore(async () => {
        const sealed = await redis.get(keys.unparsedPush(eventId))
        return sealed === null ? undefined : sealer.open(sealed, unparsedPushPlace(platform, eventId))
      }),
  }
}

export function unparsedPushPlace(platform: string, eventId: string): SealedPlace {
  return { platform, subject: eventId, field: 'unparsed-push' }
}
