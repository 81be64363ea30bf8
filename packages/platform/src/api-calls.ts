// Owns: wiring of the API proxy: the connections of a process, and the parts of each platform.
import { createApiBrakes, createRefusedPaths, type PlatformKeys, type RedisConnection } from '@wxgw/redis'
import { type Config, MAX_CONCURRENT_OF_PROCESS, type PlatformConfig } from '@wxgw/runtime'
import { type AuthorizerAppId, createStreamedCalls, type StreamedCalls } from '@wxgw/wechat-core'
import type { Platform } from './platform.ts'

export function createCalls({ wechat, apiCalls }: Pick<Config, 'wechat' | 'apiCalls'>): StreamedCalls {
  const { apiBaseUrl: baseUrl, proxyUrl } = wechat
  return createStreamedCalls({
    baseUrl,
    proxyUrl,
    timeoutMs: apiCalls.timeoutMs,
    connections: MAX_CONCURRENT_OF_PROCESS,
  })
}

type Deps = { redis: RedisConnection; keys: PlatformKeys }

export function apiCallParts(
  own: PlatformConfig,
  deps: Deps,
): Pick<Platform, 'apiBrakes' | 'refusedPaths' | 'quotaClearing'> {
  return {
    apiBrakes: createApiBrakes(deps),
    refusedPaths: createRefusedPaths(deps),
    quotaClearing: (appId) => quotaClearing(own, appId),
  }
}

function quotaClearing(
  { componentAppId, componentAppSecret: secret }: PlatformConfig,
  appId: AuthorizerAppId | undefined,
) {
  const body = {
    component_appid: componentAppId,
    ...(appId === undefined ? {} : { appid: appId }),
    appsecret: secret.reveal(),
  }
  return { path: '/cgi-bin/component/clear_quota/v2', body: Buffer.from(JSON.stringify(body)), secret }
}
