// Owns: which sealing keys the stored secrets use, by the key's id in each: of the ticket, the check value and up to
// 100 accounts. `rotate-keys` reads all secrets.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { guardStore } from '../store-errors.ts'

/** `unsealed`: stored while ALLOW_UNSEALED was set. */
type SealingKeysInUse = { ids: string[]; unsealed: boolean }

const MAX_ACCOUNTS = 100
const SEALED = /^v1\.([^.]+)\./

/** Rejects with STORE_UNAVAILABLE. */
export function sealingKeysInUse(redis: RedisConnection, keys: PlatformKeys): Promise<SealingKeysInUse> {
  return guardStore(async () => {
    const appIds = await redis.zrange(keys.authorizers, 0, String(MAX_ACCOUNTS - 1))
    const sealed = await Promise.all([
      redis.get(keys.keyCheck),
      redis.hget(keys.ticket, 'ticket'),
      ...appIds.map((appId) => redis.hget(keys.authorizer(appId), 'refreshToken')),
    ])
    const known = sealed.flatMap((value) => (value ? [value] : []))
    const ids = known.flatMap((value) => SEALED.exec(value)?.[1] ?? [])
    return { ids: [...new Set(ids)].toSorted(), unsealed: known.some((value) => !SEALED.test(value)) }
  })
}
