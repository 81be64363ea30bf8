// Owns: turning an authorization code into a stored authorization, once, however often and at how many processes it arrives.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ComponentApi, FuncInfo } from '../api/types.ts'
import { GatewayError, WeChatApiError } from '../errors.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { ComponentTokens } from './component-tokens.ts'
import { refreshDueInMs } from './freshness.ts'
import { authorizerRevoked, isAmbiguous, refusalKind } from './refusal.ts'

export type CodeClaim =
  /** `ambiguous`: an earlier exchange may have reached WeChat, its answer never reached us. */
  | { kind: 'claimed'; ambiguous: boolean }
  | { kind: 'busy' }
  | { kind: 'exchanged'; appId: AuthorizerAppId }
  | { kind: 'refused'; errcode: number; errmsg: string }

export type CodeStore = {
  /** Whose an exchanged code is; undefined for every other code. */
  accountOf(codeHash: string): Promise<AuthorizerAppId | undefined>
  claim(codeHash: string, claim: { owner: string; leaseMs: number }): Promise<CodeClaim>
  refuse(codeHash: string, refused: { owner: string; errcode: number; errmsg: string }): Promise<void>
  /** Gives the code back, so that another may try. */
  release(codeHash: string, released: { owner: string; ambiguous: boolean }): Promise<void>
}

export type NewAuthorization = {
  appId: AuthorizerAppId
  codeHash: string
  owner: string
  /** From the pushed event; undefined = now, by the store's clock. */
  createTimeSeconds: number | undefined
  accessToken: { token: Secret; lifetimeSeconds: number; elapsedMs: number } | undefined
  refreshToken: Secret | undefined
  funcInfo: FuncInfo
  dueInMs: number
}

export type AuthorizationStore = {
  /** Tokens and the code's outcome in one step. `revoked`: a newer `unauthorized` is known, nothing was stored. */
  saveAuthorization(authorization: NewAuthorization): Promise<'saved' | 'revoked'>
  /** The pushed event of a code that was exchanged already: its CreateTime is the time of that authorization. */
  confirmAuthorizationTime(appId: AuthorizerAppId, codeHash: string, createTimeSeconds: number): Promise<void>
  /** Is an `unauthorized` known that is newer than this? */
  isRevokedSince(appId: AuthorizerAppId, createTimeSeconds: number): Promise<boolean>
}

export type PushedAuthorization = { authorizerAppId: AuthorizerAppId; createTimeSeconds: number }

export type CodeExchange = {
  /**
   * Answers whose authorization the code stands for, once its tokens are stored.
   * Rejects with AUTHORIZATION_CODE_INVALID, AUTHORIZER_REVOKED, COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT.
   */
  exchange(code: Secret, pushed?: PushedAuthorization): Promise<AuthorizerAppId>
  /** Whose a code is that was exchanged already; WeChat is not asked. */
  accountOf(code: Secret): Promise<AuthorizerAppId | undefined>
}

export type CodeExchangeDeps = {
  codes: CodeStore
  authorizations: AuthorizationStore
  api: Pick<ComponentApi, 'queryAuth' | 'getAuthorizerInfo'>
  componentTokens: Pick<ComponentTokens, 'get' | 'withToken'>
  refreshMarginSeconds: number
}

const LEASE_MS = 10_000
const CALL_BUDGET_MS = 9_000
const WAIT_MS = 14_000
const POLL_MS = 25

/** Authorization codes stand in Redis by their SHA-256 only. */
export function authorizationCodeHash(code: Secret): string {
  return createHash('sha256').update(code.reveal()).digest('hex')
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/authorization_info.html
 */
export function createCodeExchange(deps: CodeExchangeDeps): CodeExchange {
  const { codes, authorizations, api, componentTokens } = deps
  const inFlight = new Map<string, Promise<AuthorizerAppId>>()

  async function exchange(code: Secret, pushed?: PushedAuthorization): Promise<AuthorizerAppId> {
    const codeHash = authorizationCodeHash(code)
    // A pushed event may know how to recover what a browser's redirect cannot, so the two do not share a promise.
    const flight = `${pushed ? 'pushed' : 'browser'} ${codeHash}`
    const running = inFlight.get(flight)
    if (running) return running
    const started = exchangeUnderLease(code, codeHash, pushed).finally(() => inFlight.delete(flight))
    inFlight.set(flight, started)
    return started
  }

  async function exchangeUnderLease(code: Secret, codeHash: string, pushed: PushedAuthorization | undefined) {
    const owner = randomUUID()
    const deadlineMs = performance.now() + WAIT_MS
    // Bought before the code is touched: nothing is spent while a ticket is missing.
    await componentTokens.get()
    while (performance.now() < deadlineMs) {
      const claim = await codes.claim(codeHash, { owner, leaseMs: LEASE_MS })
      switch (claim.kind) {
        case 'exchanged':
          if (pushed) await authorizations.confirmAuthorizationTime(claim.appId, codeHash, pushed.createTimeSeconds)
          return claim.appId
        case 'refused':
          if (pushed) return recover(codeHash, owner, pushed)
          throw invalidCode(claim)
        case 'claimed':
          return exchangeClaimed(code, codeHash, owner, claim.ambiguous, pushed)
        case 'busy':
          await delay(POLL_MS * (0.5 + Math.random()))
      }
    }
    throw new GatewayError('WECHAT_API_TIMEOUT', 'the exchange of the authorization code did not end in time', { retry: true })
  }

  async function exchangeClaimed(
    code: Secret,
    codeHash: string,
    owner: string,
    wasAmbiguous: boolean,
    pushed: PushedAuthorization | undefined,
  ): Promise<AuthorizerAppId> {
    let reachedWeChat = wasAmbiguous
    try {
      if (pushed && (await authorizations.isRevokedSince(pushed.authorizerAppId, pushed.createTimeSeconds))) {
        throw authorizerRevoked()
      }
      const startedAtMs = performance.now()
      const signal = AbortSignal.timeout(CALL_BUDGET_MS)
      const queried = await componentTokens.withToken((componentToken) => api.queryAuth(componentToken, code, { signal }))
      reachedWeChat = true
      const lifetimeSeconds = queried.expiresInSeconds
      return await save({
        appId: queried.authorizerAppId,
        codeHash,
        owner,
        createTimeSeconds: pushed?.createTimeSeconds,
        accessToken:
          queried.authorizerAccessToken && lifetimeSeconds !== undefined
            ? {
                token: queried.authorizerAccessToken,
                lifetimeSeconds,
                elapsedMs: Math.round(performance.now() - startedAtMs),
              }
            : undefined,
        refreshToken: queried.authorizerRefreshToken,
        funcInfo: queried.funcInfo ?? [],
        dueInMs: lifetimeSeconds === undefined ? 0 : refreshDueInMs(lifetimeSeconds, deps.refreshMarginSeconds),
      })
    } catch (error) {
      if (refusalKind(error) === 'authorization-code-invalid' && error instanceof WeChatApiError) {
        if (pushed) return recoverClaimed(codeHash, owner, pushed)
        if (!wasAmbiguous) await codes.refuse(codeHash, { owner, errcode: error.errcode, errmsg: error.errmsg })
        else await codes.release(codeHash, { owner, ambiguous: true })
        throw invalidCode(error)
      }
      await codes.release(codeHash, { owner, ambiguous: reachedWeChat || isAmbiguous(error) })
      throw error
    }
  }

  async function recoverClaimed(codeHash: string, owner: string, pushed: PushedAuthorization): Promise<AuthorizerAppId> {
    try {
      return await recover(codeHash, owner, pushed)
    } catch (error) {
      await codes.release(codeHash, { owner, ambiguous: true })
      throw error
    }
  }

  /**
   * The code is spent or over, yet WeChat itself told us of the authorization: its own list knows the refresh token.
   * Covers a crash between WeChat's answer and our save, and an event that was handled too late.
   */
  async function recover(codeHash: string, owner: string, pushed: PushedAuthorization): Promise<AuthorizerAppId> {
    const appId = pushed.authorizerAppId
    if (await authorizations.isRevokedSince(appId, pushed.createTimeSeconds)) throw authorizerRevoked()
    const details = await componentTokens.withToken((componentToken) => api.getAuthorizerInfo(componentToken, appId))
    return save({
      appId,
      codeHash,
      owner,
      createTimeSeconds: pushed.createTimeSeconds,
      accessToken: undefined,
      refreshToken: details.authorizerRefreshToken,
      funcInfo: details.funcInfo ?? [],
      dueInMs: 0,
    })
  }

  async function save(authorization: NewAuthorization): Promise<AuthorizerAppId> {
    if ((await authorizations.saveAuthorization(authorization)) === 'revoked') throw authorizerRevoked()
    return authorization.appId
  }

  return { exchange, accountOf: (code) => codes.accountOf(authorizationCodeHash(code)) }
}

function invalidCode(refusal: { errcode: number; errmsg: string }): GatewayError {
  return new GatewayError('AUTHORIZATION_CODE_INVALID', 'WeChat refused the authorization code', {
    cause: new WeChatApiError('api_query_auth', { errcode: refusal.errcode, errmsg: refusal.errmsg }),
  })
}
