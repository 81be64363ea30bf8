// Owns: refusing a call whose path wants another token than the route has: WeChat's 40001 would look like a token that
// is dead.
import type { Api } from '@wxgw/catalogue'
import { GatewayError } from '@wxgw/wechat-core'

export type TokenKind = 'account' | 'component'

const ROUTE: Record<TokenKind, string> = { account: 'api/:APPID', component: 'component-api' }
const WHOSE: Record<TokenKind, string> = { account: "an account's token", component: "the component's token" }

/**
 * Throws WRONG_TOKEN_KIND with what to do instead. A path that is not known passes, and one of which the catalogue is
 * not sure.
 */
export function assertTokenKind(kind: TokenKind, api: Api | undefined): void {
  if (api === undefined || api.token === kind || api.uncertain?.includes('token') === true) return
  const { token, path } = api
  switch (token) {
    case 'none':
    case 'account-or-component':
      return
    case 'user':
      throw wrong(
        `${path} wants the token of a user's web authorization, which the gateway never has: call WeChat directly`,
      )
    case 'account':
    case 'component':
      throw wrong(`${path} wants ${WHOSE[token]}: call /apis/v1/wx/:platform/${ROUTE[token]}${path}`)
    default:
      token satisfies never
  }
}

function wrong(message: string): GatewayError {
  return new GatewayError('WRONG_TOKEN_KIND', message)
}
