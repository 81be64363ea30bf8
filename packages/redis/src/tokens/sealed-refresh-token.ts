// Owns: sealing the refresh tokens of authorizers, each bound to its account.
import type { Secret } from '@wxgw/wechat-core'
import type { Sealer } from '../sealed.ts'

export type RefreshTokenSeal = {
  /** '' without a token. */
  seal(appId: string, token: Secret | undefined): string
  /** undefined without a stored token. Throws INTERNAL when no key opens it. */
  open(appId: string, sealed: string | null | undefined): Secret | undefined
}

export function createRefreshTokenSeal(deps: { platform: string; sealer: Sealer }): RefreshTokenSeal {
  const { platform, sealer } = deps
  const place = (appId: string) => ({ platform, subject: appId, field: 'authorizer_refresh_token' })
  return {
    seal: (appId, token) => (token ? sealer.seal(token.reveal(), place(appId)) : ''),
    open: (appId, sealed) => (sealed ? sealer.open(sealed, place(appId)) : undefined),
  }
}
