// Owns: the APIs of the component's own credentials: ticket service, component token, pre_auth_code.
import type { ComponentLedger } from '../ledger/component-ledger.ts'
import type { Settings } from '../settings.ts'
import { type AdmittedCall, type Endpoint, textIn } from './endpoint.ts'
import { ApiError } from './api-error.ts'

type Deps = {
  settings: () => Settings
  component: ComponentLedger
  /** `running`: the ticket service was started before. */
  startTicketService: () => 'started' | 'running'
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_access_token.html
 */
export function componentEndpoints({ settings, component, startTicketService }: Deps): Endpoint[] {
  // WeChat's documentation has two names for the same secret.
  function checkSecret(body: AdmittedCall['body'], name: 'component_secret' | 'component_appsecret') {
    const secret = textIn(body, name)
    if (secret === '') throw new ApiError(41004)
    if (secret !== settings().component.appSecret) throw new ApiError(40125)
  }

  return [
    {
      api: 'api_start_push_ticket',
      path: '/cgi-bin/component/api_start_push_ticket',
      method: 'POST',
      token: 'none',
      namesComponent: true,
      run: ({ body }) => {
        checkSecret(body, 'component_secret')
        const state = startTicketService()
        return { errcode: 0, errmsg: state === 'started' ? 'ok' : 'ticket push is in a normal state' }
      },
    },
    {
      api: 'api_component_token',
      path: '/cgi-bin/component/api_component_token',
      method: 'POST',
      token: 'none',
      namesComponent: true,
      run: ({ body }) => {
        checkSecret(body, 'component_appsecret')
        const { token, expiresInSeconds } = component.issueToken(textIn(body, 'component_verify_ticket'))
        return { component_access_token: token, expires_in: expiresInSeconds }
      },
    },
    {
      api: 'api_create_preauthcode',
      path: '/cgi-bin/component/api_create_preauthcode',
      method: 'POST',
      token: 'component',
      namesComponent: true,
      run: () => {
        const { preAuthCode, expiresInSeconds } = component.issuePreAuthCode()
        return { pre_auth_code: preAuthCode, expires_in: expiresInSeconds }
      },
    },
  ]
}
