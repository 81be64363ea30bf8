// Owns: the component calls of WeChat's API: their requests, and the fields that are read from the answers.
import { type AuthorizerAppId, type ComponentAppId, parseAuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import {
  type Answer,
  arrayIfAny,
  confirmed,
  count,
  funcInfoIfAny,
  idOf,
  isAbsent,
  isObject,
  issued,
  issuedIfAny,
  lifetimeSeconds,
  malformed,
  object,
  objectIfAny,
  parseInteger,
  parseIssued,
  text,
} from './answer.ts'
import { type Closable, callWeChat } from './call.ts'
import { createHttp, type HttpOptions } from './http.ts'
import type { AuthorizerListPage, AuthorizerProfile, CallOptions, ComponentApi } from './apis.ts'

/** A list of 500 refresh tokens of 512 characters and more is the longest answer. */
const MAX_LIST_BYTES = 1024 * 1024

/** Of api_get_authorizer_list: at most 500 by WeChat's rule. */
export const AUTHORIZER_LIST_PAGE_SIZE = 500

type ComponentApiOptions = HttpOptions & { componentAppId: ComponentAppId; componentAppSecret: Secret }

type ComponentCall = CallOptions & { body: Record<string, unknown>; maxAnswerBytes?: number }

/**
 * The calls of one component. Each is sent once and ends within `timeoutMs`; it rejects with WeChatApiError when WeChat
 * refuses, and with WeChatTransportError when the answer is missing or malformed (then nothing of it may be stored).
 */
export function createComponentApi(options: ComponentApiOptions): ComponentApi & Closable {
  const { componentAppId, componentAppSecret } = options
  const http = createHttp(options)

  /**
   * A call with the component token in the query, by the older name: the newer `access_token` means another token
   * elsewhere.
   */
  function call(
    api: string,
    componentToken: Secret,
    { body, maxAnswerBytes, ...callOptions }: ComponentCall,
  ): Promise<Answer> {
    return callWeChat(
      http,
      {
        api,
        path: `/cgi-bin/component/${api}`,
        query: { component_access_token: componentToken },
        body: { component_appid: componentAppId, ...body },
        maxAnswerBytes,
      },
      callOptions,
    )
  }

  return {
    close: http.close,

    /**
     * Harmless when pushes run already. The body's name for the secret is this API's own.
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_verify_ticket_service.html
     */
    async startPushTicket(callOptions) {
      const api = 'api_start_push_ticket'
      const body = { component_appid: componentAppId, component_secret: componentAppSecret }
      confirmed(await callWeChat(http, { api, path: `/cgi-bin/component/${api}`, body }, callOptions))
    },

    /**
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_access_token.html
     */
    async getComponentToken(ticket, callOptions) {
      const api = 'api_component_token'
      const body = {
        component_appid: componentAppId,
        component_appsecret: componentAppSecret,
        component_verify_ticket: ticket,
      }
      const answer = await callWeChat(http, { api, path: `/cgi-bin/component/${api}`, body }, callOptions)
      return {
        componentAccessToken: issued(answer, 'component_access_token'),
        expiresInSeconds: lifetimeSeconds(answer),
      }
    },

    /**
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/pre_auth_code.html
     */
    async createPreAuthCode(componentToken, callOptions) {
      const answer = await call('api_create_preauthcode', componentToken, { body: {}, ...callOptions })
      return { preAuthCode: issued(answer, 'pre_auth_code'), expiresInSeconds: lifetimeSeconds(answer) }
    },

    /**
     * Spends the code, also when the answer is lost on its way.
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/authorization_info.html
     */
    async queryAuth(componentToken, authorizationCode, callOptions) {
      const answer = await call('api_query_auth', componentToken, {
        body: { authorization_code: authorizationCode },
        ...callOptions,
      })
      const info = object(answer, 'authorization_info')
      const authorizerAccessToken = issuedIfAny(info, 'authorizer_access_token')
      return {
        authorizerAppId: parseAppId(info),
        authorizerAccessToken,
        expiresInSeconds: authorizerAccessToken && lifetimeSeconds(info),
        authorizerRefreshToken: issuedIfAny(info, 'authorizer_refresh_token'),
        funcInfo: funcInfoIfAny(info),
      }
    },

    /**
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/api_authorizer_token.html
     */
    async refreshAuthorizerToken(componentToken, { authorizerAppId, authorizerRefreshToken }, callOptions) {
      const body = { authorizer_appid: authorizerAppId, authorizer_refresh_token: authorizerRefreshToken }
      const answer = await call('api_authorizer_token', componentToken, { body, ...callOptions })
      rejectForeign(answer, authorizerAppId)
      return {
        authorizerAccessToken: issued(answer, 'authorizer_access_token'),
        expiresInSeconds: lifetimeSeconds(answer),
        authorizerRefreshToken: issuedIfAny(answer, 'authorizer_refresh_token'),
      }
    },

    /**
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/api_get_authorizer_info.html
     */
    async getAuthorizerInfo(componentToken, authorizerAppId, callOptions) {
      const answer = await call('api_get_authorizer_info', componentToken, {
        body: { authorizer_appid: authorizerAppId },
        ...callOptions,
      })
      const account = object(answer, 'authorizer_info')
      const authorization = objectIfAny(answer, 'authorization_info')
      rejectForeign(answer, authorizerAppId)
      rejectForeign(account, authorizerAppId)
      if (authorization) rejectForeign(authorization, authorizerAppId)
      return {
        profile: readProfile(account),
        funcInfo: authorization && funcInfoIfAny(authorization),
        authorizerRefreshToken: authorization && issuedIfAny(authorization, 'authorizer_refresh_token'),
      }
    },

    /**
     * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/Account_Authorization/api_get_authorizer_list.html
     */
    async getAuthorizerList(componentToken, page, callOptions) {
      const body = { offset: page.offset, count: page.count }
      const answer = await call('api_get_authorizer_list', componentToken, {
        body,
        ...callOptions,
        maxAnswerBytes: MAX_LIST_BYTES,
      })
      const totalCount = count(answer, 'total_count')
      const entries = arrayIfAny(answer, 'list')
      // Read as the end of the list, it would make all later accounts look unauthorized.
      if (!entries && page.offset < totalCount) throw malformed(answer.api, 'list')
      return { totalCount, items: (entries ?? []).flatMap(readListEntry) }
    },
  }
}

function parseAppId({ api, fields }: Answer): AuthorizerAppId {
  const appId = parseAuthorizerAppId(fields['authorizer_appid'])
  if (!appId) throw malformed(api, 'authorizer_appid')
  return appId
}

/** An answer about another account (from a broken proxy, for example) must never be stored under this one. */
function rejectForeign({ api, fields }: Answer, asked: AuthorizerAppId): void {
  const answered = fields['authorizer_appid']
  if (!isAbsent(answered) && answered !== asked) {
    throw malformed(api, 'authorizer_appid of another account')
  }
}

function readProfile(account: Answer): AuthorizerProfile {
  return {
    nick_name: text(account, 'nick_name'),
    user_name: text(account, 'user_name'),
    principal_name: text(account, 'principal_name'),
    head_img: text(account, 'head_img'),
    service_type: idOf(account, 'service_type_info'),
    verify_type: idOf(account, 'verify_type_info'),
    isMiniProgram: isObject(account.fields['MiniProgramInfo']) && !isAbsent(account.fields['MiniProgramInfo']),
  }
}

/** Skips a malformed entry: one account must not prevent the repair of all others. */
function readListEntry(entry: unknown): AuthorizerListPage['items'] {
  if (!isObject(entry)) return []
  const authorizerAppId = parseAuthorizerAppId(entry['authorizer_appid'])
  if (!authorizerAppId) return []
  const authTimeSeconds = parseInteger(entry['auth_time']) ?? 0
  return [{ authorizerAppId, refreshToken: parseIssued(entry['refresh_token']), authTimeSeconds }]
}
