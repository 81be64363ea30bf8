// Owns: turning an authorization code into a stored authorization, once, however often and at how many processes it
// arrives.
import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ComponentApi } from '../api/apis.ts'
import type { Clock } from '../clock.ts'
import { GatewayError, WeChatApiError } from '../errors.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import { type AccountLookup, CODE_LIFE_MS, isLookUpDue } from './account-lookup.ts'
import type { AuthorizationStore, CodeStore, NewAuthorization, PushedAs } from './authorization-store.ts'
import type { ComponentTokens } from './component-tokens.ts'
import { refreshDueInMs } from './freshness.ts'
import { authorizerRevoked, isAmbiguous, refusalKind } from './refusal.ts'

/** What the pushed event of an authorization says, and when it came. */
export type PushedAuthorization = {
  authorizerAppId: AuthorizerAppId
  createTimeSeconds: number
  receivedAtMs: number
  /** Left out when the event is another that carries a code. */
  pushedAs?: PushedAs | undefined
}

export type CodeExchange = {
  /**
   * Resolves to the code's account once its tokens are stored. With `pushed`, a code that fails leads to a lookup of
   * the account that WeChat named. Rejects with AUTHORIZATION_CODE_INVALID (never with `pushed`), AUTHORIZER_REVOKED,
   * COMPONENT_TICKET_MISSING, WECHAT_API_ERROR, WECHAT_API_TIMEOUT. The same call may succeed after any of them.
   */
  exchange(code: Secret, pushed?: PushedAuthorization): Promise<AuthorizerAppId>
  /** The account of a code that was exchanged before. Does not call WeChat. */
  accountOf(code: Secret): Promise<AuthorizerAppId | undefined>
}

type CodeExchangeDeps = {
  codes: CodeStore
  authorizations: AuthorizationStore
  api: Pick<ComponentApi, 'queryAuth'>
  componentTokens: Pick<ComponentTokens, 'get' | 'withToken'>
  accounts: AccountLookup
  refreshMarginSeconds: number
  clock: Clock
}

const LEASE_MS = 10_000
const CALL_BUDGET_MS = 9_000
const WAIT_MS = 14_000
const POLL_MS = 25

/** Redis keys contain an authorization code only as SHA-256. */
export function authorizationCodeHash(code: Secret): string {
  return createHash('sha256').update(code.reveal()).digest('hex')
}

/** A code that this process has claimed, and the state of its exchange. */
type Claimed = {
  code: Secret
  codeHash: string
  owner: string
  ambiguous: boolean
  searchesList: boolean
  /** Set when this attempt searched the list. */
  listSearched: boolean
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/authorization_info.html
 */
export function createCodeExchange(deps: CodeExchangeDeps): CodeExchange {
  const { codes, authorizations, api, componentTokens } = deps
  const inFlight = new Map<string, Promise<AuthorizerAppId>>()

  async function exchange(code: Secret, pushed?: PushedAuthorization): Promise<AuthorizerAppId> {
    const codeHash = authorizationCodeHash(code)
    // An exchange for a push can recover from a failed code, one for a browser cannot: they share no promise.
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
    // First, so that a missing ticket does not spend the code.
    await componentTokens.get()
    while (performance.now() < deadlineMs) {
      const claim = await codes.claim(codeHash, { owner, leaseMs: LEASE_MS, insist: pushed !== undefined })
      switch (claim.kind) {
        case 'exchanged':
          if (pushed) await authorizations.confirmAuthorization(claim.appId, codeHash, confirmed(pushed))
          return claim.appId
        case 'refused':
          throw invalidCode(claim)
        case 'claimed': {
          const { ambiguous, listSearched } = claim
          const claimed = { code, codeHash, owner, ambiguous, searchesList: !listSearched, listSearched: false }
          return pushed ? exchangePushed(claimed, pushed) : exchangeFromBrowser(claimed)
        }
        case 'busy':
          await delay(POLL_MS * (0.5 + Math.random()))
      }
    }
    throw new GatewayError('WECHAT_API_TIMEOUT', 'the exchange of the authorization code did not end in time', {
      retry: true,
    })
  }

  /** Without a push only the code leads to the account, so no lookup is possible. */
  async function exchangeFromBrowser(claimed: Claimed): Promise<AuthorizerAppId> {
    const { codeHash, owner } = claimed
    try {
      return await exchangeAtWeChat(claimed, undefined)
    } catch (error) {
      if (refusalKind(error) !== 'authorization-code-invalid' || !(error instanceof WeChatApiError)) {
        await release(claimed, error)
        throw error
      }
      if (claimed.ambiguous) await release(claimed, error)
      else await codes.refuse(codeHash, { owner, errcode: error.errcode, errmsg: error.errmsg })
      throw invalidCode(error)
    }
  }

  async function exchangePushed(claimed: Claimed, pushed: PushedAuthorization): Promise<AuthorizerAppId> {
    try {
      if (await authorizations.isRevokedSince(pushed.authorizerAppId, pushed.createTimeSeconds))
        throw authorizerRevoked()
      try {
        return await exchangeAtWeChat(claimed, pushed)
      } catch (error) {
        if (!isLookUpDue(error, deps.clock.nowMs() - pushed.receivedAtMs)) throw error
        return await lookUp(claimed, { pushed, refusal: error })
      }
    } catch (error) {
      await release(claimed, error)
      throw error
    }
  }

  async function exchangeAtWeChat(claimed: Claimed, pushed: PushedAuthorization | undefined): Promise<AuthorizerAppId> {
    const { code, codeHash, owner } = claimed
    const startedAtMs = performance.now()
    const signal = AbortSignal.timeout(CALL_BUDGET_MS)
    const queried = await componentTokens.withToken((componentToken) => api.queryAuth(componentToken, code, { signal }))
    claimed.ambiguous = true
    const { authorizerAccessToken: token, expiresInSeconds: lifetimeSeconds } = queried
    const elapsedMs = Math.round(performance.now() - startedAtMs)
    return save({
      appId: queried.authorizerAppId,
      codeHash,
      owner,
      createTimeSeconds: pushed?.createTimeSeconds,
      pushedAs: pushed?.pushedAs,
      accessToken: token && lifetimeSeconds !== undefined ? { token, lifetimeSeconds, elapsedMs } : undefined,
      refreshToken: queried.authorizerRefreshToken,
      funcInfo: queried.funcInfo,
      dueInMs: lifetimeSeconds === undefined ? 0 : refreshDueInMs(lifetimeSeconds, deps.refreshMarginSeconds),
    })
  }

  /**
   * The code fails although WeChat pushed the authorization. Fetches the refresh token from api_get_authorizer_info,
   * else from the list of all authorizers. Covers a process that died between WeChat's answer and our save, an event
   * that was handled too late, and a wrong refusal. When neither has it, throws the refusal: the code may work next
   * time. After the code's life it stores the account without a refresh token, if WeChat says that it is authorized.
   */
  async function lookUp(claimed: Claimed, { pushed, refusal }: { pushed: PushedAuthorization; refusal: unknown }) {
    const { codeHash, owner } = claimed
    const appId = pushed.authorizerAppId
    claimed.ambiguous = true
    const found = await deps.accounts.find(appId, claimed)
    claimed.listSearched = found.listSearched
    const isStorable = found.refreshToken || (found.isKnown && deps.clock.nowMs() - pushed.receivedAtMs >= CODE_LIFE_MS)
    if (!isStorable) throw refusal
    return save({
      appId,
      codeHash,
      owner,
      createTimeSeconds: pushed.createTimeSeconds,
      pushedAs: pushed.pushedAs,
      accessToken: undefined,
      refreshToken: found.refreshToken,
      funcInfo: found.funcInfo,
      dueInMs: 0,
    })
  }

  function release({ codeHash, owner, ambiguous, listSearched }: Claimed, error: unknown): Promise<void> {
    return codes.release(codeHash, { owner, ambiguous: ambiguous || isAmbiguous(error), listSearched })
  }

  async function save(authorization: NewAuthorization): Promise<AuthorizerAppId> {
    if ((await authorizations.saveAuthorization(authorization)) === 'revoked') throw authorizerRevoked()
    return authorization.appId
  }

  return { exchange, accountOf: (code) => codes.accountOf(authorizationCodeHash(code)) }
}

function confirmed({ createTimeSeconds, pushedAs }: PushedAuthorization) {
  return { createTimeSeconds, pushedAs }
}

function invalidCode(refusal: { errcode: number; errmsg: string }): GatewayError {
  return new GatewayError('AUTHORIZATION_CODE_INVALID', 'WeChat refused the authorization code', {
    cause: new WeChatApiError('api_query_auth', { errcode: refusal.errcode, errmsg: refusal.errmsg }),
  })
}
