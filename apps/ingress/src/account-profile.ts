// Owns: the profile that a landing page shows of an account that has just authorized.
import type { Platform } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'
import { GatewayError, type Authorizer, type AuthorizerAppId } from '@wxgw/wechat-core'

/** What the profile of a landing page needs of a platform. */
export type ProfilePlatform = Pick<Platform, 'id'> & {
  authorizers: Pick<Platform['authorizers'], 'get'>
  authorizations: Pick<Platform['authorizations'], 'refreshProfile'>
}

type Deps = { log: Log }

/** undefined when WeChat does not answer. The account is authorized, and the worker fetches the profile later. */
export async function profileOf(
  { log }: Deps,
  platform: ProfilePlatform,
  appId: AuthorizerAppId,
): Promise<Authorizer['profile']> {
  const known = await platform.authorizers.get(appId)
  if (known?.profile) return known.profile
  try {
    return (await platform.authorizations.refreshProfile(appId)).profile
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    log.warn({ platform: platform.id, appid: appId, code: error.code }, 'profile.missing')
    return undefined
  }
}
