// Owns: the APIs of authorizations: exchange of a code, refresh, account details, list.
import { type Account, type Accounts, funcInfoEntries } from '../accounts.ts'
import type { Authorization, AuthorizationLedger } from '../ledger/authorization-ledger.ts'
import { type Endpoint, textIn } from './endpoint.ts'
import { ApiError } from './api-error.ts'

type Deps = { accounts: Accounts; authorizations: AuthorizationLedger }

const LIST_PAGE_MAX = 500

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/authorization_info.html
 */
export function authorizationEndpoints({ accounts, authorizations }: Deps): Endpoint[] {
  const ofComponent = { method: 'POST', token: 'component', namesComponent: true } as const

  return [
    {
      ...ofComponent,
      api: 'api_query_auth',
      path: '/cgi-bin/component/api_query_auth',
      run: ({ body }) => {
        const exchanged = authorizations.exchange(textIn(body, 'authorization_code'))
        const tokens =
          exchanged.accessToken === undefined
            ? {}
            : {
                authorizer_access_token: exchanged.accessToken,
                expires_in: exchanged.expiresInSeconds,
                authorizer_refresh_token: exchanged.refreshToken,
              }
        return {
          authorization_info: {
            authorizer_appid: exchanged.appId,
            ...tokens,
            func_info: funcInfoEntries(exchanged.funcInfo),
          },
        }
      },
    },
    {
      ...ofComponent,
      api: 'api_authorizer_token',
      path: '/cgi-bin/component/api_authorizer_token',
      run: ({ body }) => {
        const appId = knownAccount(body).appId
        const refreshed = authorizations.refresh(appId, textIn(body, 'authorizer_refresh_token'))
        return {
          authorizer_access_token: refreshed.accessToken,
          expires_in: refreshed.expiresInSeconds,
          authorizer_refresh_token: refreshed.refreshToken,
        }
      },
    },
    {
      ...ofComponent,
      api: 'api_get_authorizer_info',
      path: '/cgi-bin/component/api_get_authorizer_info',
      run: ({ body }) => {
        const authorization = authorizations.find(knownAccount(body).appId)
        if (!authorization) throw new ApiError(61003)
        return detailsOf(authorization)
      },
    },
    {
      ...ofComponent,
      api: 'api_get_authorizer_list',
      path: '/cgi-bin/component/api_get_authorizer_list',
      run: ({ body }) => {
        const offset = wholeNumber(body, 'offset')
        const count = wholeNumber(body, 'count')
        if (count > LIST_PAGE_MAX) throw new ApiError(40170)
        const all = authorizations.all()
        const list = all.slice(offset, offset + count).map((one) => ({
          authorizer_appid: one.account.appId,
          refresh_token: one.refreshToken,
          auth_time: one.authorizedAtSeconds,
        }))
        return { total_count: all.length, list }
      },
    },
  ]

  function knownAccount(body: Readonly<Record<string, unknown>>): Account {
    const account = accounts.find(textIn(body, 'authorizer_appid'))
    if (!account) throw new ApiError(40013)
    return account
  }
}

function wholeNumber(body: Readonly<Record<string, unknown>>, name: string): number {
  const value = body[name]
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw new ApiError(47001)
  return value
}

function detailsOf({ account, funcInfo, refreshToken }: Authorization): Record<string, unknown> {
  return {
    authorizer_info: {
      nick_name: account.nickName,
      head_img: account.headImg,
      service_type_info: { id: account.serviceType },
      verify_type_info: { id: account.verifyType },
      user_name: account.userName,
      alias: '',
      qrcode_url: `http://mmbiz.qpic.cn/mmbiz_jpg/${account.appId}/0`,
      business_info: { open_pay: 0, open_shake: 0, open_scan: 0, open_card: 0, open_store: 0 },
      idc: 1,
      principal_name: account.principalName,
      signature: '',
      ...(account.isMiniProgram ? { MiniProgramInfo: MINI_PROGRAM_INFO } : {}),
      register_type: 0,
      account_status: 1,
      basic_config: { is_phone_configured: true, is_email_configured: true },
    },
    authorization_info: {
      authorizer_appid: account.appId,
      authorizer_refresh_token: refreshToken,
      func_info: funcInfoEntries(funcInfo),
    },
  }
}

const MINI_PROGRAM_INFO = {
  network: {
    RequestDomain: ['https://example.com'],
    WsRequestDomain: [],
    UploadDomain: [],
    DownloadDomain: [],
    BizDomain: [],
    UDPDomain: [],
  },
  categories: [{ first: '工具', second: '效率' }],
  visit_status: 0,
}
