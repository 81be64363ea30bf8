// Owns: the authorizers in Redis: their tokens, their state, their profile. The refresh itself is wechat-core's.
import {
  type Authorizer,
  type AuthorizationStore,
  type AuthorizerAppId,
  authorizerNotFound,
  type AuthorizerProfile,
  authorizerRevoked,
  type AuthorizerTokenStore,
  type FuncInfo,
  isValid,
  parseAuthorizerAppId,
  reauthorizationRequired,
  type Secret,
  type TokenSnapshot,
} from '@wxgw/wechat-core'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import type { Sealer } from '../sealed.ts'
import { guardStore } from '../store-errors.ts'
import { AUTHORIZATION_CODE_TTL_SECONDS } from './authorization-code-store.ts'
import { appIdsOfPage, type AuthorizersAsked } from './authorizer-list.ts'
import {
  confirmAuthorization,
  reconcileAuthorizer,
  requireReauthorization,
  revokeAuthorization,
  saveAuthorization,
  saveProfile,
} from './authorization-scripts.ts'
import { formatFuncInfo, formatProfile, parseFuncInfo, parseProfile } from './compact.ts'
import { rememberFailure } from './component-token-store.ts'
import { searchableName } from './searchable-name.ts'
import { readToken, readTokens } from './read-tokens.ts'
import { claimRefresh, commitRefresh } from './refresh-scripts.ts'
import { parseAnswer, parseClaim, parseSnapshot } from './snapshot.ts'

export type StoredAuthorization = {
  authorizer: Authorizer
  snapshot: TokenSnapshot
  refreshToken: Secret | undefined
  createdAtMs: number
}

export type AuthorizerStore = AuthorizerTokenStore &
  AuthorizationStore & {
    revoke(appId: AuthorizerAppId, createTimeSeconds: number, confirmed?: boolean): Promise<'revoked' | 'ignored' | 'equal'>
    saveProfile(appId: AuthorizerAppId, profile: AuthorizerProfile, funcInfo: FuncInfo | undefined): Promise<void>
    get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
    /** With its secrets: for the full mpinfo. */
    authorization(appId: AuthorizerAppId): Promise<StoredAuthorization | undefined>
    list(page: AuthorizersAsked): Promise<Authorizer[]>
    ownerOfUserName(userName: string): Promise<AuthorizerAppId | undefined>
    reconcile(entry: {
      appId: AuthorizerAppId
      authTimeSeconds: number
      refreshToken: Secret | undefined
    }): Promise<'added' | 'repaired' | 'known' | 'revoked'>
  }

export type AuthorizerStoreDeps = {
  platform: string
  redis: RedisConnection
  keys: PlatformKeys
  sealer: Sealer
  /** New refresh tokens and exchanged codes count only when enough replicas have them. Default: the master is enough. */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export function createAuthorizerStore(deps: AuthorizerStoreDeps): AuthorizerStore {
  const { platform, redis, keys, sealer, replicas = NO_REPLICA_BARRIER } = deps
  const place = (appId: string) => ({ platform, subject: appId, field: 'authorizer_refresh_token' })
  const seal = (appId: string, token: Secret | undefined) => (token ? sealer.seal(token.reveal(), place(appId)) : '')
  const open = (appId: string, sealed: string | null | undefined) => (sealed ? sealer.open(sealed, place(appId)) : undefined)
  const tokenKeys = (appId: string) => ({
    meta: keys.authorizer(appId),
    tokenKey: keys.accessToken(appId),
    lease: keys.refreshLease(appId),
    refreshError: keys.refreshError(appId),
  })

  const groupKeys = { groups: keys.authorizerGroups, members: keys.authorizersByGroup }

  async function readFields(appId: AuthorizerAppId): Promise<Record<string, string>> {
    return redis.hgetall(keys.authorizer(appId))
  }

  const keysOfToken = (appId: AuthorizerAppId) => ({ meta: keys.authorizer(appId), tokenKey: keys.accessToken(appId) })
  /** Callers ask for the tokens of many accounts at the same moment. */
  const reads = createBatches<AuthorizerAppId, string[]>({
    write: (_, appIds) => readTokens(redis, appIds.map(keysOfToken)),
  })

  return {
    read: (appId) =>
      guardStore(async () => {
        const [status, ...values] = await reads.add(platform, appId)
        const snapshot = parseSnapshot(values)
        if (!status) throw authorizerNotFound()
        if (status === 'revoked') throw authorizerRevoked()
        if (status === 'reauthorization_required' && !isValid(snapshot.stored, snapshot.nowMs)) throw reauthorizationRequired()
        return snapshot
      }),

    claim: (appId, { owner, leaseMs, seenVersion }) =>
      guardStore(async () => {
        const answer = parseAnswer(
          await claimRefresh(redis, {
            ...tokenKeys(appId),
            material: keys.refreshTokenHistory(appId),
            kind: 'authorizer',
            owner,
            leaseMs,
            seen: seenVersion ?? '',
          }),
        )
        if (answer[0] === 'gone') throw answer[1] === 'revoked' ? authorizerRevoked() : authorizerNotFound()
        return parseClaim(answer, ([generation, sealed, ...history]) => ({
          generation: Number(generation),
          refreshToken: open(appId, sealed),
          history: history.flatMap((old) => open(appId, old) ?? []),
        }))
      }),

    fail: (appId, failed) =>
      guardStore(() => rememberFailure(redis, { ...tokenKeys(appId), ...failed })),

    commit: (appId, issued) =>
      guardStore(async () => {
        const committed = {
          ...tokenKeys(appId),
          ...groupKeys,
          due: keys.due,
          refreshTokens: keys.refreshTokenHistory(appId),
          kind: 'authorizer',
          subject: appId,
          owner: issued.owner,
          fence: issued.fence,
          token: issued.token.reveal(),
          leftMs: issued.lifetimeSeconds * 1000 - issued.elapsedMs,
          lifetime: issued.lifetimeSeconds,
          dueInMs: issued.dueInMs,
          generation: issued.generation,
          sealed: seal(appId, issued.newRefreshToken),
        }
        const write = () => commitRefresh(redis, committed)
        const [kind, ...snapshot] = parseAnswer(await replicas.confirmed(keys.authorizer(appId), write))
        return kind === 'stored' ? { kind, snapshot: parseSnapshot(snapshot) } : { kind: 'lost' }
      }),

    markReauthorizationRequired: (appId, { generation, owner }) =>
      guardStore(async () => {
        const outcome = await requireReauthorization(redis, {
          authorizer: keys.authorizer(appId),
          due: keys.due,
          lease: keys.refreshLease(appId),
          ...groupKeys,
          appid: appId,
          generation,
          owner,
        })
        if (outcome === 'marked' || outcome === 'known' || outcome === 'superseded') return outcome
        throw new TypeError('a verdict answered with an unknown outcome')
      }),

    markRevoked: (appId, generation) =>
      guardStore(async () => (await revokeBy(appId, generation, 'generation')) === 'revoked'),

    revoke: (appId, createTimeSeconds, confirmed = false) =>
      guardStore(() => revokeBy(appId, createTimeSeconds, confirmed ? 'confirmed' : 'event')),

    saveAuthorization: (authorization) =>
      guardStore(async () => {
        const { appId, accessToken } = authorization
        const saved = {
          authorizer: keys.authorizer(appId),
          accessToken: keys.accessToken(appId),
          due: keys.due,
          authorizers: keys.authorizers,
          exchange: keys.authorizationCode(authorization.codeHash),
          refreshTokens: keys.refreshTokenHistory(appId),
          refreshError: keys.refreshError(appId),
          history: keys.authorizerHistory(appId),
          ...groupKeys,
          appid: appId,
          codeHash: authorization.codeHash,
          owner: authorization.owner,
          createTime: authorization.createTimeSeconds ?? '',
          token: accessToken?.token.reveal() ?? '',
          leftMs: accessToken ? accessToken.lifetimeSeconds * 1000 - accessToken.elapsedMs : 0,
          lifetime: accessToken?.lifetimeSeconds ?? 0,
          refreshToken: seal(appId, authorization.refreshToken),
          funcInfo: authorization.funcInfo ? formatFuncInfo(authorization.funcInfo) : '',
          dueInMs: authorization.dueInMs,
          codeTtl: AUTHORIZATION_CODE_TTL_SECONDS,
          pushedAs: authorization.pushedAs ?? '',
        }
        const write = () => saveAuthorization(redis, saved)
        return (await replicas.confirmed(keys.authorizer(appId), write)) === 1 ? 'saved' : 'revoked'
      }),

    confirmAuthorization: (appId, codeHash, { createTimeSeconds, pushedAs }) =>
      guardStore(async () => {
        await confirmAuthorization(redis, {
          authorizer: keys.authorizer(appId),
          history: keys.authorizerHistory(appId),
          codeHash,
          createTime: createTimeSeconds,
          pushedAs: pushedAs ?? '',
        })
      }),

    isRevokedSince: (appId, createTimeSeconds) =>
      guardStore(async () => {
        const revokedAt = await redis.hget(keys.authorizer(appId), 'revokedAtSeconds')
        return revokedAt !== null && Number(revokedAt) > createTimeSeconds
      }),

    saveProfile: (appId, profile, funcInfo) =>
      guardStore(async () => {
        await saveProfile(redis, {
          authorizer: keys.authorizer(appId),
          history: keys.authorizerHistory(appId),
          userNames: keys.userNames,
          ...groupKeys,
          names: keys.authorizerNames,
          appid: appId,
          profile: formatProfile(profile),
          funcInfo: funcInfo ? formatFuncInfo(funcInfo) : '',
          userName: profile.user_name,
          nick: searchableName(profile.nick_name),
          principal: searchableName(profile.principal_name),
        })
      }),

    get: (appId) => guardStore(async () => parseAuthorizer(appId, await readFields(appId))),

    authorization: (appId) =>
      guardStore(async () => {
        const [fields, [, ...snapshot]] = await Promise.all([
          readFields(appId),
          readToken(redis, keysOfToken(appId)),
        ])
        const authorizer = parseAuthorizer(appId, fields)
        if (!authorizer) return undefined
        return {
          authorizer,
          snapshot: parseSnapshot(snapshot),
          refreshToken: open(appId, fields['refreshToken']),
          createdAtMs: Number(fields['createdAtMs']),
        }
      }),

    list: (asked) =>
      guardStore(async () => {
        const appIds = await appIdsOfPage(redis, keys.authorizers, asked)
        const authorizers = await Promise.all(
          appIds.map(async (value) => {
            const appId = parseAuthorizerAppId(value)
            return appId && parseAuthorizer(appId, await readFields(appId))
          }),
        )
        return authorizers.filter((authorizer) => authorizer !== undefined)
      }),

    ownerOfUserName: (userName) =>
      guardStore(async () => parseAuthorizerAppId(await redis.hget(keys.userNames, userName))),

    reconcile: ({ appId, authTimeSeconds, refreshToken }) =>
      guardStore(async () => {
        const outcome = await reconcileAuthorizer(redis, {
          authorizer: keys.authorizer(appId),
          due: keys.due,
          authorizers: keys.authorizers,
          history: keys.authorizerHistory(appId),
          ...groupKeys,
          appid: appId,
          authTime: authTimeSeconds,
          sealed: seal(appId, refreshToken),
        })
        if (outcome === 'added' || outcome === 'repaired' || outcome === 'known' || outcome === 'revoked') return outcome
        throw new TypeError('a reconciliation answered with an unknown outcome')
      }),
  }

  async function revokeBy(appId: AuthorizerAppId, at: number, by: 'event' | 'confirmed' | 'generation') {
    const outcome = await revokeAuthorization(redis, {
      authorizer: keys.authorizer(appId),
      accessToken: keys.accessToken(appId),
      due: keys.due,
      authorizers: keys.authorizers,
      refreshTokens: keys.refreshTokenHistory(appId),
      lease: keys.refreshLease(appId),
      jsapiTicket: keys.apiTicket('jsapi', appId),
      cardTicket: keys.apiTicket('wx_card', appId),
      history: keys.authorizerHistory(appId),
      ...groupKeys,
      appid: appId,
      since: at,
      by,
    })
    if (outcome === 'revoked' || outcome === 'ignored' || outcome === 'equal') return outcome
    throw new TypeError('a revocation answered with an unknown outcome')
  }
}

function parseAuthorizer(appid: AuthorizerAppId, fields: Record<string, string>): Authorizer | undefined {
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
