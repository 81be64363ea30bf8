// Owns: the ports that keep authorization codes and new authorizations. The adapters live in packages/redis.
import type { FuncInfo } from '../api/apis.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'

export type CodeClaim =
  | {
      kind: 'claimed'
      /** An earlier exchange may have reached WeChat, its answer never reached us. */
      ambiguous: boolean
      /** WeChat's list of authorizers has been searched for this code's account in the last ten minutes. */
      listSearched: boolean
    }
  | { kind: 'busy' }
  | { kind: 'exchanged'; appId: AuthorizerAppId }
  /** A minute ago at most. */
  | { kind: 'refused'; errcode: number; errmsg: string }

export type CodeStore = {
  /** Whose an exchanged code is; undefined for every other code. */
  accountOf(codeHash: string): Promise<AuthorizerAppId | undefined>
  /** `insist`: claims a code, too, that WeChat has just refused. */
  claim(codeHash: string, claim: { owner: string; leaseMs: number; insist: boolean }): Promise<CodeClaim>
  /** Remembered for a minute, so that whoever repeats the code is answered without a call. */
  refuse(codeHash: string, refused: { owner: string; errcode: number; errmsg: string }): Promise<void>
  /** Gives the code back, so that another may try. `listSearched`: WeChat's list was searched just now. */
  release(codeHash: string, released: { owner: string; ambiguous: boolean; listSearched: boolean }): Promise<void>
}

/** The event by which WeChat tells of an authorization. */
export type PushedAs = 'authorized' | 'updateauthorized'

export type NewAuthorization = {
  appId: AuthorizerAppId
  codeHash: string
  owner: string
  /** From the pushed event; undefined = now, by the store's clock. */
  createTimeSeconds: number | undefined
  /** undefined: no push has said it yet, or it came by an event of another kind. */
  pushedAs?: PushedAs | undefined
  accessToken: { token: Secret; lifetimeSeconds: number; elapsedMs: number } | undefined
  refreshToken: Secret | undefined
  /** undefined: what is stored stays. */
  funcInfo: FuncInfo | undefined
  dueInMs: number
}

export type AuthorizationStore = {
  /**
   * Tokens and the code's outcome in one step. `revoked`: a newer `unauthorized` is known, nothing was stored. When the
   * account's tokens were stored by somebody else since this code was claimed, the access token is left out: WeChat may
   * have issued the other one later. The next read then refreshes.
   */
  saveAuthorization(authorization: NewAuthorization): Promise<'saved' | 'revoked'>
  /**
   * The pushed event of a code that was exchanged already: its CreateTime is the time of that authorization, its kind
   * the cause.
   */
  confirmAuthorization(
    appId: AuthorizerAppId,
    codeHash: string,
    pushed: { createTimeSeconds: number; pushedAs: PushedAs | undefined },
  ): Promise<void>
  /** Is an `unauthorized` known that is newer than this? */
  isRevokedSince(appId: AuthorizerAppId, createTimeSeconds: number): Promise<boolean>
}
