// Owns: an account's authorization: its start page, the exchange of its code, its profile, its revocation.
import type { AuthorizerStore, JobQueue, StoredAuthorization } from '@wxgw/redis'
import {
  AUTHORIZER_LIST_PAGE_SIZE,
  type AuthorizerAppId,
  authorizationPageUrl,
  authorizerNotFound,
  authorizerRevoked,
  type AuthorizerTokens,
  type Clock,
  type CodeExchange,
  type ComponentApi,
  type ComponentAppId,
  type ComponentTokens,
  currentToken,
  GatewayError,
  isFresh,
  refusalKind,
  type Secret,
} from '@wxgw/wechat-core'
import type { Authorization, AuthorizationUrlRequest, Authorizations } from './platform.ts'

type AuthorizationsDeps = {
  componentAppId: ComponentAppId
  mpBaseUrl: string
  openBaseUrl: string
  api: ComponentApi
  componentTokens: Pick<ComponentTokens, 'withToken'>
  authorizerTokens: Pick<AuthorizerTokens, 'get'>
  codes: CodeExchange
  store: AuthorizerStore
  jobs: Pick<JobQueue, 'profileWanted'>
  /** True at most once in ten minutes, over all processes. */
  mayStartPushTicket(): Promise<boolean>
  clock: Clock
}

export function createAuthorizations(deps: AuthorizationsDeps): Authorizations {
  const { api, componentTokens, store } = deps

  async function createAuthorizationUrl(request: AuthorizationUrlRequest) {
    const { preAuthCode, expiresInSeconds } = await componentTokens.withToken((token) => api.createPreAuthCode(token))
    const url = authorizationPageUrl({
      type: request.type,
      componentAppId: deps.componentAppId,
      preAuthCode,
      redirectUri: request.redirectUri,
      authType: request.authType,
      bizAppId: request.bizAppId,
      categoryIdList: request.categoryIdList,
      mpBaseUrl: deps.mpBaseUrl,
      openBaseUrl: deps.openBaseUrl,
    })
    return { url, preAuthCode, createdAtMs: deps.clock.nowMs(), expiresInSeconds }
  }

  async function exchangeBrowserCode(code: Secret) {
    const appId = await deps.codes.exchange(code)
    const stored = await authorizationOf(appId)
    // The handler of a pushed event fetches the profile itself. After a browser's code no push may follow.
    if (!stored.authorizer.profile) await deps.jobs.profileWanted(appId)
    return { appId, stored }
  }

  const exchangeLandedCode: Authorizations['exchangeLandedCode'] = async (code) => {
    const { appId, stored } = await exchangeBrowserCode(code)
    return { authorizerAppId: appId, funcInfo: stored.authorizer.funcInfo }
  }

  const exchangeCode: Authorizations['exchangeCode'] = async (code) => {
    const { appId, stored } = await exchangeBrowserCode(code)
    return {
      authorizerAppId: appId,
      accessToken: await accessTokenOf(appId, stored),
      refreshToken: stored.refreshToken,
      funcInfo: stored.authorizer.funcInfo,
      createdAtMs: stored.createdAtMs,
      updatedAtMs: stored.authorizer.updatedAtMs,
    }
  }

  const settleAuthorization: Authorizations['settleAuthorization'] = async (code, pushed) => {
    const appId = await deps.codes.exchange(code, pushed)
    const stored = await authorizationOf(appId)
    const { funcInfo } = stored.authorizer
    try {
      await accessTokenOf(appId, stored)
      return { funcInfo, tokenFailure: undefined }
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      return { funcInfo, tokenFailure: error }
    }
  }

  async function authorizationOf(appId: AuthorizerAppId): Promise<StoredAuthorization> {
    const stored = await store.authorization(appId)
    if (!stored) throw authorizerNotFound()
    if (stored.authorizer.status === 'revoked') throw authorizerRevoked()
    return stored
  }

  async function accessTokenOf(
    appId: AuthorizerAppId,
    { snapshot, refreshToken }: StoredAuthorization,
  ): Promise<Authorization['accessToken']> {
    if (isFresh(snapshot.stored, snapshot.nowMs)) return currentToken(snapshot.stored, snapshot.nowMs)
    // No token came with the exchange: the account was looked up, another code was exchanged at the same time, or the
    // token has expired. Without a refresh token the account granted no API permission.
    return refreshToken ? deps.authorizerTokens.get(appId) : undefined
  }

  async function revoke(appId: AuthorizerAppId, createTimeSeconds: number): Promise<'revoked' | 'ignored'> {
    const outcome = await store.revoke(appId, createTimeSeconds)
    if (outcome !== 'equal') return outcome
    // Authorized and revoked in the same second: ask WeChat for the current state.
    try {
      await componentTokens.withToken((token) => api.getAuthorizerInfo(token, appId))
      return 'ignored'
    } catch (error) {
      if (refusalKind(error) !== 'not-authorized') throw error
      return (await store.revoke(appId, createTimeSeconds, true)) === 'revoked' ? 'revoked' : 'ignored'
    }
  }

  async function refreshProfile(appId: AuthorizerAppId) {
    const { profile, funcInfo } = await componentTokens.withToken((token) => api.getAuthorizerInfo(token, appId))
    await store.saveProfile(appId, profile, funcInfo)
    const authorizer = await store.get(appId)
    if (!authorizer) throw authorizerNotFound()
    return authorizer
  }

  async function reconcilePage(offset: number) {
    const page = await componentTokens.withToken((token) =>
      api.getAuthorizerList(token, { offset, count: AUTHORIZER_LIST_PAGE_SIZE }),
    )
    const added: AuthorizerAppId[] = []
    const repaired: AuthorizerAppId[] = []
    for (const { authorizerAppId: appId, refreshToken, authTimeSeconds } of page.items) {
      const outcome = await store.reconcile({ appId, refreshToken, authTimeSeconds })
      if (outcome === 'added') added.push(appId)
      if (outcome === 'repaired') repaired.push(appId)
    }
    return { totalCount: page.totalCount, seen: page.items.length, added, repaired }
  }

  async function startPushTicket(): Promise<'asked' | 'asked-lately'> {
    if (!(await deps.mayStartPushTicket())) return 'asked-lately'
    await api.startPushTicket()
    return 'asked'
  }

  return {
    createAuthorizationUrl,
    exchangeCode,
    exchangeLandedCode,
    settleAuthorization,
    accountOf: (code) => deps.codes.accountOf(code),
    isRevokedSince: (appId, createTimeSeconds) => store.isRevokedSince(appId, createTimeSeconds),
    revoke,
    refreshProfile,
    reconcilePage,
    startPushTicket,
  }
}
