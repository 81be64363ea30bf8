// Owns: revoking an authorizer in Redis, after WeChat's event or after a refused refresh token.
import type { AuthorizerAppId } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { revokeAuthorization } from './authorization-scripts.ts'

/**
 * `at`: the seconds of WeChat's event, or the generation of the refresh token that WeChat refused (`by` is
 * `generation`). `ignored`: a newer authorization is stored. Rejects with the driver's error.
 */
export type RevokeAuthorizer = (
  appId: AuthorizerAppId,
  at: number,
  by: 'event' | 'confirmed' | 'generation',
) => Promise<'revoked' | 'ignored' | 'equal'>

export function createRevokeAuthorizer(deps: { redis: RedisConnection; keys: PlatformKeys }): RevokeAuthorizer {
  const { redis, keys } = deps
  return async (appId, at, by) => {
    const outcome = await revokeAuthorization(redis, {
      authorizer: keys.authorizer(appId),
      accessToken: keys.accessToken(appId),
      due: keys.due,
      authorizers: keys.authorizers,
      refreshTokens: keys.refreshTokenHistory(appId),
      lease: keys.refreshLease(appId),
      jsapiTicket: keys.apiTicket('jsapi', appId),
      cardTicket: keys.apiTicket('wx_card', appId),
      history: keys.authorizerHistory(appId),
      groups: keys.authorizerGroups,
      members: keys.authorizersByGroup,
      appid: appId,
      since: at,
      by,
    })
    if (outcome === 'revoked' || outcome === 'ignored' || outcome === 'equal') return outcome
    throw new TypeError('a revocation answered with an unknown outcome')
  }
}
