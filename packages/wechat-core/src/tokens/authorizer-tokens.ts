// Owns: the authorizer_access_token of each authorizer of one platform, and what to do when WeChat refuses to refresh
// it.
import type { ComponentApi, RefreshedAuthorizerToken } from '../api/apis.ts'
import type { AuthorizerAppId } from '../ids.ts'
import type { Secret } from '../secret.ts'
import type { ComponentTokens, IssuedToken } from './component-tokens.ts'
import { refreshDueInMs } from './freshness.ts'
import type { RefreshTokenSearch } from './refresh-token-search.ts'
import {
  authorizerRevoked,
  describeFailure,
  failureError,
  reauthorizationRequired,
  refreshSuperseded,
  refusalKind,
} from './refusal.ts'
import { type CommitOutcome, createTokenKeeper, type TokenKeeperStore } from './token-keeper.ts'
import type { CurrentToken } from './authorizer.ts'

/**
 * The stored material of a refresh. A new authorization starts a new generation; results for an older one are not
 * stored.
 */
type AuthorizerMaterial = {
  generation: number
  refreshToken: Secret | undefined
  /** Earlier refresh tokens, and those of answers that could not be stored in order, newest first. */
  history: readonly Secret[]
}

export type AuthorizerTokenStore = TokenKeeperStore<AuthorizerAppId, AuthorizerMaterial> & {
  commit(
    appId: AuthorizerAppId,
    /** `newRefreshToken`: undefined when the stored one is kept. */
    issued: IssuedToken & { generation: number; newRefreshToken: Secret | undefined },
  ): Promise<CommitOutcome>
  /**
   * Marks only while `generation` is current and the lease is held. Otherwise another process has replaced the refresh
   * tokens meanwhile (`superseded`). `known`: it was marked before.
   */
  markReauthorizationRequired(
    appId: AuthorizerAppId,
    verdict: { generation: number; owner: string },
  ): Promise<'marked' | 'known' | 'superseded'>
  markRevoked(appId: AuthorizerAppId, generation: number): Promise<boolean>
}

export type AuthorizerTokens = {
  /**
   * AUTHORIZER_NOT_FOUND, AUTHORIZER_REVOKED, REAUTHORIZATION_REQUIRED, COMPONENT_TICKET_MISSING, WECHAT_API_ERROR,
   * WECHAT_API_TIMEOUT, STORE_UNAVAILABLE.
   */
  get(appId: AuthorizerAppId, options?: { force?: boolean }): Promise<CurrentToken>
  /** Reports that WeChat refused a token: refreshes if it is still the current one. Rejects as `get`. */
  reportInvalid(appId: AuthorizerAppId, refused: Secret): Promise<CurrentToken>
  /** The stored token when it is still valid. Does not call WeChat. Rejects as `get`. */
  peek(appId: AuthorizerAppId): Promise<CurrentToken | undefined>
  /** A scheduled refresh: refreshes unless another process did meanwhile. Rejects as `get`. */
  refreshNow(appId: AuthorizerAppId): Promise<CurrentToken>
}

type Attempt = { owner: string; material: AuthorizerMaterial; signal: AbortSignal }

/** `errcode`: of the last failure, when WeChat gave one. */
type RefreshFailing = { streak: number; errcode: number | undefined }

/** Failed refreshes in a row that are announced. */
export const ANNOUNCED_STREAKS: ReadonlySet<number> = new Set([3, 10])

type AuthorizerTokensDeps = {
  store: AuthorizerTokenStore
  api: Pick<ComponentApi, 'refreshAuthorizerToken' | 'getAuthorizerInfo'>
  componentTokens: Pick<ComponentTokens, 'get' | 'withToken'>
  search: RefreshTokenSearch
  refreshMarginSeconds: number
  forceMinIntervalMs: number
  onRefreshed(appId: AuthorizerAppId, expiresAtMs: number): void
  onReauthorizationRequired(appId: AuthorizerAppId): void
  /** At the 3rd and at the 10th failed refresh in a row, in one process of all. */
  onRefreshFailing(appId: AuthorizerAppId, failing: RefreshFailing): void
  onOutcome?: ((outcome: string) => void) | undefined
}

/**
 * @see https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/2.0/api/ThirdParty/token/api_authorizer_token.html
 */
export function createAuthorizerTokens(deps: AuthorizerTokensDeps): AuthorizerTokens {
  const { store, api, componentTokens, search } = deps

  const keeper = createTokenKeeper<AuthorizerAppId, AuthorizerMaterial>({
    store,
    describeFailure,
    failureError,
    forceMinIntervalMs: deps.forceMinIntervalMs,
    onOutcome: (_appId, outcome) => deps.onOutcome?.(outcome),
    onFailed(appId, { streak, failure }) {
      if (ANNOUNCED_STREAKS.has(streak)) deps.onRefreshFailing(appId, { streak, errcode: failure.errcode })
    },
    // The lock order is authorizer, then component: a missing component token is fetched before the lease is taken.
    prepare: () => componentTokens.get(),
    async refresh({ subject: appId, owner, fence, material, signal }) {
      const startedAtMs = performance.now()
      const { issued, usedRefreshToken } = await refreshWithAnyToken(appId, { owner, material, signal })
      const current = issued.authorizerRefreshToken ?? usedRefreshToken
      const outcome = await store.commit(appId, {
        owner,
        fence,
        generation: material.generation,
        token: issued.authorizerAccessToken,
        lifetimeSeconds: issued.expiresInSeconds,
        elapsedMs: Math.round(performance.now() - startedAtMs),
        dueInMs: refreshDueInMs(issued.expiresInSeconds, deps.refreshMarginSeconds),
        newRefreshToken: material.refreshToken?.equals(current) ? undefined : current,
      })
      if (outcome.kind === 'stored' && outcome.snapshot.stored)
        deps.onRefreshed(appId, outcome.snapshot.stored.expiresAtMs)
      return outcome
    },
  })

  /**
   * "Invalid refresh token" alone is not final. Tried in this order: the stored token, the one of
   * api_get_authorizer_info, the earlier ones, and the one in WeChat's list of all authorizers, which costs most. When
   * WeChat has refused them all, the account must authorize again.
   */
  async function refreshWithAnyToken(appId: AuthorizerAppId, attempt: Attempt) {
    const { owner, material, signal } = attempt
    const refused: Secret[] = []
    const tryRefreshToken = async (candidate: Secret | undefined) => {
      if (!candidate || refused.some((known) => known.equals(candidate))) return undefined
      try {
        return { issued: await refreshWith(appId, candidate, signal), usedRefreshToken: candidate }
      } catch (error) {
        if (refusalKind(error) !== 'refresh-token-invalid') throw await confirmedRefusal(error, appId, attempt)
        refused.push(candidate)
        return undefined
      }
    }

    const ordinary = await tryRefreshToken(material.refreshToken)
    if (ordinary) return ordinary
    const details = await authorizerInfo(appId, attempt)
    for (const candidate of [details.authorizerRefreshToken, ...material.history]) {
      const recovered = await tryRefreshToken(candidate)
      if (recovered) return recovered
    }
    const listed = await tryRefreshToken(await search.find(appId, signal))
    if (listed) return listed
    const verdict = await store.markReauthorizationRequired(appId, { generation: material.generation, owner })
    if (verdict === 'superseded') throw refreshSuperseded()
    if (verdict === 'marked') deps.onReauthorizationRequired(appId)
    throw reauthorizationRequired()
  }

  function refreshWith(
    appId: AuthorizerAppId,
    authorizerRefreshToken: Secret,
    signal: AbortSignal,
  ): Promise<RefreshedAuthorizerToken> {
    return componentTokens.withToken((componentToken) =>
      api.refreshAuthorizerToken(componentToken, { authorizerAppId: appId, authorizerRefreshToken }, { signal }),
    )
  }

  async function authorizerInfo(appId: AuthorizerAppId, { material, signal }: Attempt) {
    try {
      return await componentTokens.withToken((componentToken) =>
        api.getAuthorizerInfo(componentToken, appId, { signal }),
      )
    } catch (error) {
      if (refusalKind(error) !== 'not-authorized') throw error
      await store.markRevoked(appId, material.generation)
      throw authorizerRevoked()
    }
  }

  /** 61003 from the refresh alone is not final either: a second API has to confirm it. */
  async function confirmedRefusal(error: unknown, appId: AuthorizerAppId, attempt: Attempt) {
    if (refusalKind(error) === 'not-authorized') await authorizerInfo(appId, attempt)
    return error
  }

  return keeper
}
