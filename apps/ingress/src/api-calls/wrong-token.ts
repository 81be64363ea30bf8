// Owns: refusing a call whose API needs another kind of token than the route uses. WeChat would answer 40001, as for an
// expired token.
import type { Api } from '@wxgw/catalogue'
import { GatewayError } from '@wxgw/wechat-core'

export type TokenKind = 'account' | 'component'

const ROUTE: Record<TokenKind, string> = { account: 'api/:APPID', component: 'component-api' }
const WHOSE: Record<TokenKind, string> = { account: "an account's token", component: "the component's token" }

/**
 * Throws WRONG_TOKEN_KIND with what to do instead. Allows an unknown path, and one whose token is uncertain in the
 * catalogue.
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
