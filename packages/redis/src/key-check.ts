// Owns: proving at start that the sealing keys are those that the stored secrets were sealed with, before anything is overwritten.
import type { RedisConnection } from './connect.ts'
import type { PlatformKeys } from './keys.ts'
import type { Sealer } from './sealed.ts'
import { guardStore } from './store-errors.ts'

const CHECK_VALUE = 'sealing keys'

/**
 * The first process of an installation writes the check value; every later one must be able to open it.
 * `mismatch`: none of our keys does. A rotation keeps the old key until `rotate-keys` has sealed everything anew.
 */
export async function checkSealingKeys(deps: {
  platform: string
  redis: RedisConnection
  keys: PlatformKeys
  sealer: Sealer
}): Promise<'ok' | 'mismatch'> {
  const { platform, redis, keys, sealer } = deps
  const place = { platform, subject: 'gateway', field: 'key_check' }
  const known = await guardStore(async () => {
    await redis.set(keys.keyCheck, sealer.seal(CHECK_VALUE, place), 'NX')
    return redis.get(keys.keyCheck)
  })
  if (known === null) return 'ok'
  try {
    return sealer.open(known, place).reveal() === CHECK_VALUE ? 'ok' : 'mismatch'
  } catch {
    // It says nothing but that it does not open, which is the answer.
    return 'mismatch'
  }
}
