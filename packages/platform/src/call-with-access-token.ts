// Owns: calling WeChat in the name of an authorizer, with one retry after a refresh when WeChat refuses the token.
import { type AuthorizerAppId, type AuthorizerTokens, refusalKind, type Secret } from '@wxgw/wechat-core'

export async function callWithAccessToken<T>(
  authorizerTokens: Pick<AuthorizerTokens, 'get' | 'reportInvalid'>,
  appId: AuthorizerAppId,
  call: (accessToken: Secret) => Promise<T>,
): Promise<T> {
  const { token } = await authorizerTokens.get(appId)
  try {
    return await call(token)
  } catch (error) {
    if (refusalKind(error) !== 'access-token-invalid') throw error
    return call((await authorizerTokens.reportInvalid(appId, token)).token)
  }
}
