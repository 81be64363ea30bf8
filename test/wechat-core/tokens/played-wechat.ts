// Owns: WeChat's side of tokens and authorizations as plain functions: it issues, rotates and refuses, and a test holds it up.
import {
  type AuthorizerAppId,
  type ComponentApi,
  parseAuthorizerAppId,
  Secret,
  WeChatApiError,
  WeChatTransportError,
} from '@wxgw/wechat-core'

const LIFE_SECONDS = 7200

type Api =
  | 'api_component_token'
  | 'api_query_auth'
  | 'api_authorizer_token'
  | 'api_get_authorizer_info'
  | 'api_get_authorizer_list'

/** What becomes of one call instead of an answer. `lost`: WeChat serves it, and its answer does not arrive. */
export type Fault = {
  refuse?: number
  lost?: boolean
  unreachable?: boolean
  before?: Promise<unknown>
  after?: Promise<unknown>
}

type Account = { issued: number; accessToken: string; refreshToken: string; isAuthorized: boolean }

export type PlayedWeChat = {
  api: Pick<
    ComponentApi,
    'getComponentToken' | 'queryAuth' | 'refreshAuthorizerToken' | 'getAuthorizerInfo' | 'getAuthorizerList'
  >
  /** The name of every call, in order. */
  calls: Api[]
  count(api: Api): number
  /** Happens to the next call that has none yet; the last one with `always` to every other. */
  fault(api: Api, fault: Fault): void
  always(api: Api, fault: Fault | undefined): void
  /** WeChat's answers to api_get_authorizer_info and the list lack refresh tokens from now on. */
  hides: Set<'info' | 'list'>
  /** A refresh makes the refresh token before it useless, or leaves it as it is. */
  rotates: boolean
  /** The account's owner agrees; answers a code. */
  authorize(appId: AuthorizerAppId, options?: { withoutTokens?: boolean }): Secret
  revoke(appId: AuthorizerAppId): void
  current(appId: AuthorizerAppId): { accessToken: string; refreshToken: string }
}

export function appIdOf(number: number): AuthorizerAppId {
  const appId = parseAuthorizerAppId(`wx${number.toString(16).padStart(16, '0')}`)
  if (!appId) throw new Error('not an appid')
  return appId
}

/** A refusal is held up like an answer. */
async function answerOf<T>(serve: () => T, after: Promise<unknown> | undefined): Promise<T> {
  try {
    return serve()
  } finally {
    await after
  }
}

export function playedWeChat(): PlayedWeChat {
  const accounts = new Map<AuthorizerAppId, Account>()
  const codes = new Map<string, { appId: AuthorizerAppId; withoutTokens: boolean }>()
  const faults = new Map<Api, Fault[]>()
  const always = new Map<Api, Fault>()
  const calls: Api[] = []
  const hides = new Set<'info' | 'list'>()
  let componentTokens = 0

  async function served<T>(api: Api, serve: () => T): Promise<T> {
    calls.push(api)
    const { before, after, refuse, lost, unreachable } = faults.get(api)?.shift() ?? always.get(api) ?? {}
    await before
    if (unreachable) throw new WeChatTransportError('WECHAT_API_ERROR', api, `${api} is out of reach`)
    if (refuse !== undefined) throw new WeChatApiError(api, { errcode: refuse, errmsg: 'refused' })
    const answer = await answerOf(serve, after)
    if (lost) throw new WeChatTransportError('WECHAT_API_TIMEOUT', api, `${api} did not answer in time`)
    return answer
  }

  function accountOf(api: Api, appId: AuthorizerAppId): Account {
    const account = accounts.get(appId)
    if (!account?.isAuthorized) throw new WeChatApiError(api, { errcode: 61003, errmsg: 'not authorized' })
    return account
  }

  function issue(appId: AuthorizerAppId, account: Account): Account {
    account.issued += 1
    account.accessToken = `access ${account.issued} of ${appId}`
    if (wechat.rotates) account.refreshToken = `refresh ${account.issued} of ${appId}`
    return account
  }

  const wechat: PlayedWeChat = {
    api: {
      getComponentToken: () =>
        served('api_component_token', () => {
          componentTokens += 1
          return { componentAccessToken: new Secret(`component ${componentTokens}`), expiresInSeconds: LIFE_SECONDS }
        }),
      queryAuth: (_token, code) =>
        served('api_query_auth', () => {
          const known = codes.get(code.reveal())
          if (!codes.delete(code.reveal()) || !known)
            throw new WeChatApiError('api_query_auth', { errcode: 61009, errmsg: 'used' })
          const { accessToken, refreshToken } = issue(known.appId, accountOf('api_query_auth', known.appId))
          return {
            authorizerAppId: known.appId,
            authorizerAccessToken: known.withoutTokens ? undefined : new Secret(accessToken),
            expiresInSeconds: known.withoutTokens ? undefined : LIFE_SECONDS,
            authorizerRefreshToken: known.withoutTokens ? undefined : new Secret(refreshToken),
            funcInfo: undefined,
          }
        }),
      refreshAuthorizerToken: (_token, { authorizerAppId: appId, authorizerRefreshToken }) =>
        served('api_authorizer_token', () => {
          const account = accountOf('api_authorizer_token', appId)
          if (account.refreshToken !== authorizerRefreshToken.reveal()) {
            throw new WeChatApiError('api_authorizer_token', { errcode: 61023, errmsg: 'refresh_token is invalid' })
          }
          const { accessToken, refreshToken } = issue(appId, account)
          return {
            authorizerAccessToken: new Secret(accessToken),
            expiresInSeconds: LIFE_SECONDS,
            authorizerRefreshToken: wechat.rotates ? new Secret(refreshToken) : undefined,
          }
        }),
      getAuthorizerInfo: (_token, appId) =>
        served('api_get_authorizer_info', () => {
          const { refreshToken } = accountOf('api_get_authorizer_info', appId)
          const names = { nick_name: '', user_name: '', principal_name: '', head_img: '' }
          return {
            profile: { ...names, service_type: null, verify_type: null, isMiniProgram: false },
            funcInfo: undefined,
            authorizerRefreshToken: hides.has('info') ? undefined : new Secret(refreshToken),
          }
        }),
      getAuthorizerList: () =>
        served('api_get_authorizer_list', () => {
          const items = [...accounts].map(([authorizerAppId, { refreshToken }]) => ({
            authorizerAppId,
            refreshToken: hides.has('list') ? undefined : new Secret(refreshToken),
            authTimeSeconds: 1,
          }))
          return { totalCount: items.length, items }
        }),
    },
    calls,
    count: (api) => calls.filter((called) => called === api).length,
    fault(api, fault) {
      faults.set(api, [...(faults.get(api) ?? []), fault])
    },
    always(api, fault) {
      if (fault) always.set(api, fault)
      else always.delete(api)
    },
    hides,
    rotates: true,
    authorize(appId, { withoutTokens = false } = {}) {
      const account = accounts.get(appId) ?? {
        issued: 0,
        accessToken: '',
        refreshToken: `refresh 0 of ${appId}`,
        isAuthorized: true,
      }
      accounts.set(appId, { ...account, isAuthorized: true })
      const code = `code ${codes.size} ${Math.random()}`
      codes.set(code, { appId, withoutTokens })
      return new Secret(code)
    },
    revoke(appId) {
      accountOf('api_get_authorizer_info', appId).isAuthorized = false
    },
    current: (appId) => accountOf('api_get_authorizer_info', appId),
  }
  return wechat
}
