// Owns: the platform and the authorizer that a path names.
import { GatewayError, parseAuthorizerAppId, type AuthorizerAppId } from '@wxgw/wechat-core'
import type { Platform } from '@wxgw/platform'

/** Throws PLATFORM_NOT_FOUND. */
export function platformOf<P>(platforms: ReadonlyMap<string, P>, params: { platform: string }): P {
  const platform = platforms.get(params.platform)
  if (!platform) throw new GatewayError('PLATFORM_NOT_FOUND', 'there is no platform of this id')
  return platform
}

/** Throws INVALID_REQUEST, also for the component's own appid: it is no authorizer. */
export function authorizerAppIdOf(
  platform: Pick<Platform, 'componentAppId'>,
  params: { APPID: string },
): AuthorizerAppId {
  const appId = parseAuthorizerAppId(params.APPID)
  if (appId === undefined) throw new GatewayError('INVALID_REQUEST', 'the path does not hold a valid appid')
  if (String(appId) === String(platform.componentAppId)) {
    throw new GatewayError('INVALID_REQUEST', 'this is the appid of the component, not of an authorizer')
  }
  return appId
}

export function unknownSession(): GatewayError {
  return new GatewayError('SESSION_NOT_FOUND', 'there is no such authorization session, or it ended long ago')
}
