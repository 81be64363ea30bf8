// Owns: the check value in Redis. At the start it shows that the sealing keys open the stored secrets, before anything
// is overwritten, and that this Redis is the installation's.
import type { RedisConnection } from './connect.ts'
import type { PlatformKeys } from './keys.ts'
import type { Sealer } from './sealed.ts'
import { guardStore } from './store-errors.ts'

const CHECK_VALUE = 'sealing keys'

type KeyCheckDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function keyCheckPlace(platform: string) {
  return { platform, subject: 'gateway', field: 'key_check' }
}

/**
 * The first process of an installation writes the check value; every later one must be able to open it.
 * `mismatch`: no key of this process opens it. An old key must stay configured until `rotate-keys` has resealed all.
 */
export async function checkSealingKeys(deps: KeyCheckDeps): Promise<'ok' | 'mismatch'> {
  const { platform, redis, keys, sealer } = deps
  await markInstallation(deps)
  const known = await guardStore(() => redis.get(keys.keyCheck))
  if (known === null) return 'ok'
  try {
    return sealer.open(known, keyCheckPlace(platform)).reveal() === CHECK_VALUE ? 'ok' : 'mismatch'
  } catch {
    // The error has no other cause.
    return 'mismatch'
  }
}

/** Writes the check value unless there is one. True: there was none (a new installation, or an emptied Redis). */
export async function markInstallation({ platform, redis, keys, sealer }: KeyCheckDeps): Promise<boolean> {
  return guardStore(async () => {
    return (await redis.set(keys.keyCheck, sealer.seal(CHECK_VALUE, keyCheckPlace(platform)), 'NX')) === 'OK'
  })
}

export async function isInstallationMarked({ redis, keys }: Pick<KeyCheckDeps, 'redis' | 'keys'>): Promise<boolean> {
  return guardStore(async () => (await redis.exists(keys.keyCheck)) === 1)
}
