// Owns: the command `npm run wxgw -- rotate-keys`: seals every stored value with the first of SEALING_KEYS, and counts
// them. packages/redis replaces the values (key-rotation.ts).
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

type RotateKeysDeps = {
  env: Record<string, string | undefined>
  /** Called once per platform. `fields` has no value of a secret and no key. */
  report(fields: Record<string, unknown>): void
}

/**
 * True when every value is sealed with the first key. False: a value does not open, or another process changed it
 * meanwhile with another key; run the command again. Throws a ConfigError or STORE_UNAVAILABLE: values that were sealed
 * until then stay so.
 */
export async function rotateKeys({ env, report }: RotateKeysDeps): Promise<boolean> {
  const config = loadConfig({ env })
  // The role whose commands wait for the connection: this command may take its time.
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
