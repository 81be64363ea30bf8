// Owns: the summary of a configuration for the log of the start: all values, but of secrets only whether they are set.
import { endpointText } from '@wxgw/contracts'
import type { CallerConfig, Grant } from './caller-config.ts'
import type { Config, RedisConfig } from './config.ts'
import type { PlatformConfig } from './platform-config.ts'
import type { Log } from '../log.ts'

export type SettingsSummary = Record<string, unknown> & {
  platforms: ReadonlyArray<{ id: string }>
  callers: readonly unknown[]
  subscriptions: readonly string[] | undefined
}

/** Call it once per start, before anything is opened. */
export function logConfig(config: Config, log: Log): void {
  log.info(configSummary(config), 'process.starting')
  if (config.warnings.length > 0) log.warn({ warnings: config.warnings }, 'process.settings-doubtful')
}

/** Plain data without secrets; Redis addresses without credentials. */
export function configSummary(config: Config): SettingsSummary {
  const { redis, platforms, callers, subscriptions, sealingKeys, warnings: _, ...rest } = config
  return {
    ...rest,
    redis: redisSummary(redis),
    platforms: platforms.map(platformSummary),
    callers: callers.map(callerSummary),
    subscriptions: subscriptions?.map(({ platform, name }) => `${platform}.${name}`),
    sealingKeyIds: sealingKeys.map(({ id }) => id),
    sealingConfigured: sealingKeys.length > 0,
  }
}

function platformSummary({ id, componentAppId, previousToken, previousEncodingAesKey }: PlatformConfig) {
  return {
    id,
    componentAppId,
    componentAppSecretConfigured: true,
    tokenConfigured: true,
    encodingAesKeyConfigured: true,
    previousTokenConfigured: previousToken !== undefined,
    previousEncodingAesKeyConfigured: previousEncodingAesKey !== undefined,
  }
}

function callerSummary({ name, grants, maxSubscriptions, maxConcurrent }: CallerConfig) {
  return { name, keyConfigured: true, maxSubscriptions, maxConcurrent, grants: grants?.map(grantSummary) ?? 'all' }
}

function grantSummary({ platforms, authorizers, actions, apis }: Grant) {
  const narrowed = {
    platforms: platforms ?? 'all',
    authorizers: authorizers?.length ?? 'all',
    actions: actions ?? 'all',
  }
  return apis === undefined ? narrowed : { ...narrowed, apis }
}

function redisSummary({ mode, endpoints, login, database, tls, sentinel, minReplicas }: RedisConfig) {
  return {
    mode,
    nodes: endpoints.map(endpointText),
    database,
    username: login.username,
    passwordConfigured: login.password !== undefined,
    tls: tls ? { caConfigured: tls.ca !== undefined, clientCertificateConfigured: tls.cert !== undefined } : false,
    ...(sentinel ? { sentinelName: sentinel.name, sentinelPasswordConfigured: sentinel.login !== undefined } : {}),
    minReplicas,
  }
}
