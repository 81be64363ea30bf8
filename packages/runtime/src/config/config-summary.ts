// Owns: what the boot log tells about a configuration: everything but secrets, of which only that they are there.
import type { CallerConfig, Config, Grant, PlatformConfig } from '../config-types.ts'

/** Plain data without a secret in it; addresses of Redis without their credentials. */
export function configSummary(config: Config): Record<string, unknown> {
  const { redis, platforms, callers, sealingKeys, ...rest } = config
  return {
    ...rest,
    redis: {
      mode: redis.mode,
      sentinelName: redis.sentinelName,
      nodes: redis.urls.map((url) => withoutCredentials(url.reveal())),
      credentialsConfigured: redis.urls.some((url) => hasCredentials(url.reveal())),
    },
    platforms: platforms.map(platformSummary),
    callers: callers.map(callerSummary),
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

function callerSummary({ name, grants }: CallerConfig) {
  return { name, keyConfigured: true, grants: grants?.map(grantSummary) ?? 'all' }
}

function grantSummary({ platforms, authorizers, actions }: Grant) {
  return { platforms: platforms ?? 'all', authorizers: authorizers?.length ?? 'all', actions: actions ?? 'all' }
}

function withoutCredentials(text: string): string {
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${pathname}`
}

function hasCredentials(text: string): boolean {
  const { username, password } = new URL(text)
  return username !== '' || password !== ''
}
