// Owns: the clients under test and the canaries they are called with: values that no error may ever show.
import {
  type AuthorizerAppId,
  type ComponentAppId,
  createAuthorizerApi,
  createComponentApi,
  parseAuthorizerAppId,
  parseComponentAppId,
  Secret,
} from '@wxgw/wechat-core'
import type { Test } from 'tap'

function parsed<Id>(id: Id | undefined): Id {
  if (id === undefined) throw new Error('not an appid')
  return id
}

export const componentAppId: ComponentAppId = parsed(parseComponentAppId('wx00000000000000c0'))
export const authorizerAppId: AuthorizerAppId = parsed(parseAuthorizerAppId('wx00000000000000a1'))
export const otherAuthorizerAppId: AuthorizerAppId = parsed(parseAuthorizerAppId('wx00000000000000a2'))

/** What the client sends. */
export const sent = {
  componentAppSecret: new Secret('canary+app/secret=0123456789abcdef'),
  ticket: new Secret('ticket@@@canary-ticket-VhPfRvGnLs'),
  componentToken: new Secret('canary-component-token_41&x=y'),
  accessToken: new Secret('canary-access-token_42'),
  code: new Secret('queryauthcode@@@canary-code-8YvQ'),
  refreshToken: new Secret('refreshtoken@@@canary-refresh-Kq3'),
}

/** What the server answers; stands in every body of the matrix. */
export const BODY_CANARY = 'CANARY_IN_THE_BODY_77'

export const allCanaries: readonly string[] = [
  BODY_CANARY,
  ...Object.values(sent).flatMap((secret) => [secret.reveal(), encodeURIComponent(secret.reveal())]),
  'component_access_token=',
  '/cgi-bin/',
]

export type ClientSettings = { baseUrl: string; timeoutMs?: number; proxyUrl?: Secret }

export function componentApi(t: Test, { baseUrl, timeoutMs = 5_000, proxyUrl }: ClientSettings) {
  const api = createComponentApi({
    baseUrl,
    timeoutMs,
    proxyUrl,
    componentAppId,
    componentAppSecret: sent.componentAppSecret,
  })
  t.teardown(() => api.close())
  return api
}

export function authorizerApi(t: Test, { baseUrl, timeoutMs = 5_000 }: ClientSettings) {
  const api = createAuthorizerApi({ baseUrl, timeoutMs })
  t.teardown(() => api.close())
  return api
}

/** The error that a call must end with. */
export async function failure(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
  } catch (error) {
    return error
  }
  throw new Error('the call was expected to fail')
}
