// Owns: what ingress and worker do alike when they start: connect, wire the platforms, prove the sealing keys.
import { setTimeout as delay } from 'node:timers/promises'
import {
  checkSealingKeys,
  connectRedis,
  createSealer,
  platformKeys,
  type RedisConnection,
  type RedisRole,
  storeErrorCode,
} from '@wxgw/redis'
import type { Config, Lifecycle, Log } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { createPlatforms, type Platforms } from './create-platforms.ts'
import { createReadiness, type ReadinessCheck } from './readiness.ts'

export type OpenedGateway = {
  platforms: Platforms
  connections: { commands: RedisConnection; subscriber: RedisConnection }
  readiness: ReadinessCheck[]
  /** One more connection, closed with the rest. */
  connect(role: RedisRole): RedisConnection
}

const ERROR_EVERY_MS = 1_000
const KEY_CHECK_EVERY_MS = 1_000
/** When Redis is there, the keys are proven before the process begins its work; when it is away, as soon as it comes. */
const KEY_CHECK_FIRST_MS = 2_000

/** Whatever it opens is closed by the lifecycle, last of all. Never fails because Redis is away. */
export async function openGateway(deps: { config: Config; lifecycle: Lifecycle; clock: Clock; log: Log }): Promise<OpenedGateway> {
  const { config, lifecycle, clock, log } = deps

  function connect(role: RedisRole): RedisConnection {
    let quietUntilMs = 0
    const connection = connectRedis(config.redis, role, (error) => {
      if (clock.nowMs() < quietUntilMs) return
      quietUntilMs = clock.nowMs() + ERROR_EVERY_MS
      log.warn({ role, code: storeErrorCode(error) }, 'redis.failed')
    })
    lifecycle.onStop(`redis ${role}`, () => connection.disconnect())
    return connection
  }

  const connections = { commands: connect('commands'), subscriber: connect('subscriber') }
  const platforms = createPlatforms({ config, connections, clock, log })
  lifecycle.onStop('platforms', () => platforms.close())
  await Promise.race([proveSealingKeys(connections.commands), delay(KEY_CHECK_FIRST_MS)])
  return { platforms, connections, connect, readiness: createReadiness({ redis: connections.commands, platforms: platforms.byId, clock }) }

  async function proveSealingKeys(redis: RedisConnection): Promise<void> {
    const sealer = createSealer(config.sealingKeys)
    for (const { id } of config.platforms) {
      const outcome = await untilAnswered(() => checkSealingKeys({ platform: id, redis, keys: platformKeys(id), sealer }))
      if (outcome !== 'mismatch') continue
      await lifecycle.fail(new Error(`SEALING_KEYS: no key opens what is stored for platform ${id}`))
    }
  }

  async function untilAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
    while (!lifecycle.signal.aborted) {
      try {
        return await ask()
      } catch (error) {
        log.debug({ err: error }, 'sealing_keys.unproven')
        await delay(KEY_CHECK_EVERY_MS, undefined, { ref: false })
      }
    }
    return undefined
  }
}
