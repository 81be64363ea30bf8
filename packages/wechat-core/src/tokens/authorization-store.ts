// Owns: the ports that keep authorization codes and new authorizations. The adapters live in packages/redis.
import type { FuncInfo } from '../api/apis.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'

export type CodeClaim =
  | {
      kind: 'claimed'
      /** An earlier exchange may have reached WeChat, but its answer was lost. */
      ambiguous: boolean
      /** WeChat's list of authorizers has been searched for this code's account in the last ten minutes. */
      listSearched: boolean
    }
  | { kind: 'busy' }
  | { kind: 'exchanged'; appId: AuthorizerAppId }
  /** At most a minute ago. */
  | { kind: 'refused'; errcode: number; errmsg: string }

export type CodeStore = {
  /** The account of an exchanged code; undefined for every other code. */
  accountOf(codeHash: string): Promise<AuthorizerAppId | undefined>
  /** `insist`: claims even a code that WeChat has just refused. */
  claim(codeHash: string, claim: { owner: string; leaseMs: number; insist: boolean }): Promise<CodeClaim>
  /** Remembers the refusal for a minute, so that a repeated code needs no call. */
  refuse(codeHash: string, refused: { owner: string; errcode: number; errmsg: string }): Promise<void>
  /** Releases the claim. `listSearched`: WeChat's list was searched just now. */
  release(codeHash: string, released: { owner: string; ambiguous: boolean; listSearched: boolean }): Promise<void>
}

/** The event that WeChat pushes for an authorization. */
export type PushedAs = 'authorized' | 'updateauthorized'

export type NewAuthorization = {
  appId: AuthorizerAppId
  codeHash: string
  owner: string
  /** From the pushed event; undefined = now, by the store's clock. */
  createTimeSeconds: number | undefined
  /** undefined: no push has come yet, or it was an event of another kind. */
  pushedAs?: PushedAs | undefined
  accessToken: { token: Secret; lifetimeSeconds: number; elapsedMs: number } | undefined
  refreshToken: Secret | undefined
  /** undefined: the stored value is kept. */
  funcInfo: FuncInfo | undefined
  dueInMs: number
}

export type AuthorizationStore = {
  /**
   * Stores the tokens and the code's outcome in one step. `revoked`: a newer `unauthorized` is known, and nothing was
   * stored. When another process has stored tokens of the account since this code was claimed, the access token is left
   * out, because WeChat may have issued the other one later; the next read refreshes.
   */
  saveAuthorization(authorization: NewAuthorization): Promise<'saved' | 'revoked'>
  /**
   * Stores CreateTime and kind of the pushed event of a code that was exchanged before.
   */
  confirmAuthorization(
    appId: AuthorizerAppId,
    codeHash: string,
    pushed: { createTimeSeconds: number; pushedAs: PushedAs | undefined },
  ): Promise<void>
  /** Whether a newer `unauthorized` is known. */
  isRevokedSince(appId: AuthorizerAppId, createTimeSeconds: number): Promise<boolean>
}
