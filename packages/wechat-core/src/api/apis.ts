// Owns: WeChat's APIs as the gateway calls them, and their answers. Shapes on the wire stay in component-api.ts.
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'

type IssuedComponentToken = { componentAccessToken: Secret; expiresInSeconds: number }

export type IssuedPreAuthCode = { preAuthCode: Secret; expiresInSeconds: number }

/** `func_info` as WeChat sends it: `[{"funcscope_category":{"id":1}}, …]`. */
export type FuncInfo = Array<Record<string, unknown>>

/** api_query_auth. The two tokens are missing when the account has no API permission. */
type QueriedAuthorization = {
  authorizerAppId: AuthorizerAppId
  authorizerAccessToken: Secret | undefined
  expiresInSeconds: number | undefined
  authorizerRefreshToken: Secret | undefined
  /** undefined when WeChat named no permission set. */
  funcInfo: FuncInfo | undefined
}

/**
 * api_authorizer_token. `authorizerRefreshToken` is undefined when WeChat sent none or an empty one: keep the stored
 * one.
 */
export type RefreshedAuthorizerToken = {
  authorizerAccessToken: Secret
  expiresInSeconds: number
  authorizerRefreshToken: Secret | undefined
}

/** What we keep of api_get_authorizer_info. */
export type AuthorizerProfile = {
  nick_name: string
  user_name: string
  principal_name: string
  head_img: string
  service_type: number | null
  verify_type: number | null
  isMiniProgram: boolean
}

export type AuthorizerDetails = {
  profile: AuthorizerProfile
  /** undefined when WeChat named no permission set. */
  funcInfo: FuncInfo | undefined
  authorizerRefreshToken: Secret | undefined
}

export type AuthorizerListPage = {
  totalCount: number
  items: Array<{ authorizerAppId: AuthorizerAppId; refreshToken: Secret | undefined; authTimeSeconds: number }>
}

type IssuedTicket = { ticket: Secret; expiresInSeconds: number }

export type CallOptions = { signal?: AbortSignal }

/** WeChat's component calls. Each rejects with WeChatApiError (refused) or WeChatTransportError (unknown outcome). */
export type ComponentApi = {
  startPushTicket(options?: CallOptions): Promise<void>
  getComponentToken(ticket: Secret, options?: CallOptions): Promise<IssuedComponentToken>
  createPreAuthCode(componentToken: Secret, options?: CallOptions): Promise<IssuedPreAuthCode>
  queryAuth(componentToken: Secret, authorizationCode: Secret, options?: CallOptions): Promise<QueriedAuthorization>
  refreshAuthorizerToken(
    componentToken: Secret,
    args: { authorizerAppId: AuthorizerAppId; authorizerRefreshToken: Secret },
    options?: CallOptions,
  ): Promise<RefreshedAuthorizerToken>
  getAuthorizerInfo(
    componentToken: Secret,
    authorizerAppId: AuthorizerAppId,
    options?: CallOptions,
  ): Promise<AuthorizerDetails>
  /** `count` at most 500. */
  getAuthorizerList(
    componentToken: Secret,
    page: { offset: number; count: number },
    options?: CallOptions,
  ): Promise<AuthorizerListPage>
}

/** Calls made in the name of one authorizer, with its access token. */
export type AuthorizerApi = {
  getTicket(accessToken: Secret, type: 'jsapi' | 'wx_card', options?: CallOptions): Promise<IssuedTicket>
  /** `message` is the body of message/custom/send, without access to any token. */
  sendCustomMessage(accessToken: Secret, message: Record<string, unknown>, options?: CallOptions): Promise<void>
}
