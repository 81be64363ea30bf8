// Owns: the calls with which a platform gets its own credentials: ticket service, component token, pre_auth_code.
import type { ComponentLedger } from '../ledger/component-ledger.ts'
import type { Settings } from '../settings.ts'
import { type AdmittedCall, type Endpoint, textIn } from './endpoint.ts'
import { Refusal } from './refusal.ts'

type Deps = {
  settings: () => Settings
  component: ComponentLedger
  /** Answers whether the ticket service was running before. */
  startTicketService: () => 'started' | 'running'
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/component_access_token.html
 */
export function componentEndpoints({ settings, component, startTicketService }: Deps): Endpoint[] {
  // The same secret has two names in WeChat's documentation.
  function checkSecret(body: AdmittedCall['body'], name: 'component_secret' | 'component_appsecret') {
    const secret = textIn(body, name)
    if (secret === '') throw new Refusal(41004)
    if (secret !== settings().component.appSecret) throw new Refusal(40125)
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
