// Owns: the types of a token and of an authorizer that callers see.
import type { AuthorizerProfile, FuncInfo } from '../api/apis.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'

/** A token in force. `expiresInSeconds` is what remains, a whole number of at least 1. */
export type CurrentToken = { token: Secret; expiresAtMs: number; expiresInSeconds: number }

export type AuthorizerStatus = 'active' | 'reauthorization_required' | 'revoked'

/** One authorizer as callers may see it: no secret inside. */
export type Authorizer = {
  appid: AuthorizerAppId
  status: AuthorizerStatus
  /** undefined until WeChat has answered api_get_authorizer_info. */
  profile: AuthorizerProfile | undefined
  funcInfo: FuncInfo
  authorizedAtMs: number
  updatedAtMs: number
  /** undefined when there is no access token. */
  tokenExpiresAtMs: number | undefined
}
