// Owns: the list of checks of the diagnosis, for GET /diagnosis and for the command.
import { createConsoleRecords, type RedisConnection } from '@wxgw/redis'
import type { Config } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import type { Platform } from '../platform.ts'
import type { ReadinessCheck } from '../readiness.ts'
import type { DiagnosisCheck } from './diagnosis.ts'
import { gatewayChecks } from './gateway-checks.ts'
import { readinessChecks } from './readiness-checks.ts'
import { redisChecks } from './redis-checks.ts'
import { refusedPushesChecks } from './refused-pushes-check.ts'
import { ticketChecks } from './ticket-checks.ts'
import { wechatChecks } from './wechat-checks.ts'

type DiagnosisDeps = {
  config: Pick<Config, 'platforms' | 'sealingKeys' | 'warnings' | 'wechat'>
  redis: RedisConnection
  readiness: readonly ReadinessCheck[]
  platforms: ReadonlyMap<string, Platform>
  clock: Clock
}

/** Opens no connection. */
export function createDiagnosis({ config, redis, readiness, platforms, clock }: DiagnosisDeps): DiagnosisCheck[] {
  // Reads only, so there is nothing to flush and no error to report.
  const { refusedCalls } = createConsoleRecords({ redis, onError: () => undefined })
  return [
    ...readinessChecks(readiness),
    ...ticketChecks(platforms, clock),
    ...redisChecks({ redis, platforms: config.platforms.map(({ id }) => id) }),
    ...gatewayChecks({ redis, config }),
    ...wechatChecks({ wechat: config.wechat, platforms, refusedCalls, clock }),
    ...refusedPushesChecks(platforms),
  ]
}
