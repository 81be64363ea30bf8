// Owns: the command `npm run wxgw -- rotate-keys`: everything stored is sealed anew with the first of SEALING_KEYS, and counted.
// How a value is replaced safely is packages/redis' business.
import {
  checkSealingKeys,
  connectRedis,
  createSealer,
  platformKeys,
  resealPlatform,
  type RotationReport,
  storeErrorCode,
} from '@wxgw/redis'
import { type Config, loadConfig } from '@wxgw/runtime'

export type RotateKeysDeps = {
  env: Record<string, string | undefined>
  /** One report a platform; no value of a secret, no key. */
  report(fields: Record<string, unknown>): void
}

/**
 * Answers whether nothing is left under another key. False: something does not open, or was changed meanwhile by a process that
 * seals with another key; run it again. Throws a ConfigError, or STORE_UNAVAILABLE: what was done until then stays done.
 */
export async function rotateKeys({ env, report }: RotateKeysDeps): Promise<boolean> {
  const config = loadConfig({ env })
  // The role that waits for Redis: a command has the time.
  const redis = connectRedis(config.redis, 'subscriber', (error) => report({ connection: storeErrorCode(error) }))
  try {
    let isComplete = true
    for (const { id } of config.platforms) {
      const outcome = await rotatePlatform(config, redis, id)
      report({ platform: id, ...outcome.fields })
      isComplete &&= outcome.isComplete
    }
    return isComplete
  } finally {
    redis.disconnect()
  }
}

async function rotatePlatform(config: Config, redis: ReturnType<typeof connectRedis>, platform: string) {
  const deps = { platform, redis, keys: platformKeys(platform), sealer: createSealer(config.sealingKeys) }
  if ((await checkSealingKeys(deps)) === 'mismatch') {
    return { isComplete: false, fields: { error: 'SEALING_KEYS: no key opens what is stored' } }
  }
  const counts = await resealPlatform(deps)
  return { isComplete: total(counts, 'unopened') + total(counts, 'changed') === 0, fields: counts }
}

function total(report: RotationReport, count: 'unopened' | 'changed'): number {
  return Object.values(report).reduce((sum, counts) => sum + counts[count], 0)
}
