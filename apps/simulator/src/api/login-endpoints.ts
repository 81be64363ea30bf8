// Owns: the API of a mini program's login through the platform (小程序登录).
import { createHash, randomBytes } from 'node:crypto'
import type { AuthorizationLedger } from '../ledger/authorization-ledger.ts'
import type { Settings } from '../settings.ts'
import { type Endpoint, textIn } from './endpoint.ts'
import { ApiError } from './api-error.ts'

type Deps = { settings: () => Settings; authorizations: AuthorizationLedger }

/**
 * As of 2026-11-29:
 * https://developers.weixin.qq.com/doc/oplatform/openApi/miniprogram-management/login/api_thirdpartycode2session.html
 */
export function loginEndpoints({ settings, authorizations }: Deps): Endpoint[] {
  return [
    {
      api: 'component/jscode2session',
      path: '/sns/component/jscode2session',
      method: 'GET',
      token: 'component',
      namesComponent: false,
      run: ({ query }) => {
        const appId = textIn(query, 'appid')
        const component = textIn(query, 'component_appid')
        if (component === '') throw new ApiError(41018)
        if (component !== settings().component.appId) throw new ApiError(40013)
        if (authorizations.find(appId) === undefined) throw new ApiError(61003)
        const code = textIn(query, 'js_code')
        if (code === '') throw new ApiError(40029)
        const openid = `o${createHash('sha256').update(`${appId} ${code}`).digest('base64url').slice(0, 27)}`
        return { openid, session_key: randomBytes(16).toString('base64') }
      },
    },
  ]
}
