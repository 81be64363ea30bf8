// Owns: parsing the hash of an authorizer.
import type { Authorizer, AuthorizerAppId } from '@wxgw/wechat-core'
import { parseFuncInfo, parseProfile } from './compact.ts'

/** undefined: the account is not stored. */
export function parseAuthorizer(appid: AuthorizerAppId, fields: Record<string, string>): Authorizer | undefined {
  const status = fields['status']
  if (status !== 'active' && status !== 'reauthorization_required' && status !== 'revoked') return undefined
  const expiresAtMs = Number(fields['expiresAtMs'] ?? 0)
  return {
    appid,
    status,
    profile: parseProfile(fields['profile']),
    funcInfo: parseFuncInfo(fields['funcInfo']),
    authorizedAtMs: Number(fields['authorizedAtSeconds'] ?? 0) * 1000,
    updatedAtMs: Number(fields['updatedAtMs'] ?? 0),
    tokenExpiresAtMs: expiresAtMs > 0 ? expiresAtMs : undefined,
  }
}
