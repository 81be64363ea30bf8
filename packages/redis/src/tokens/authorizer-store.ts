// Owns: the authorizers in Redis: their authorizations and profiles. Their tokens are in authorizer-token-store.ts.
import {
  type Authorizer,
  type AuthorizationStore,
  type AuthorizerAppId,
  type AuthorizerProfile,
  type AuthorizerTokenStore,
  type FuncInfo,
  parseAuthorizerAppId,
  type Secret,
  type TokenSnapshot,
} from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import type { Sealer } from '../sealed.ts'
import { guardStore } from '../store-errors.ts'
import { AUTHORIZATION_CODE_TTL_SECONDS } from './authorization-code-store.ts'
import { appIdsOfPage, type AuthorizersAsked } from './authorizer-list.ts'
import { confirmAuthorization, reconcileAuthorizer, saveAuthorization, saveProfile } from './authorization-scripts.ts'
import { createAuthorizerTokenStore } from './authorizer-token-store.ts'
import { formatFuncInfo, formatProfile } from './compact.ts'
import { searchableName } from './searchable-name.ts'
import { readToken } from './read-tokens.ts'
import { createRevokeAuthorizer } from './revoke-authorizer.ts'
import { createRefreshTokenSeal } from './sealed-refresh-token.ts'
import { parseSnapshot } from './snapshot.ts'
import { parseAuthorizer } from './stored-authorizer.ts'

export type StoredAuthorization = {
  authorizer: Authorizer
  snapshot: TokenSnapshot
  refreshToken: Secret | undefined
  createdAtMs: number
}

export type AuthorizerStore = AuthorizerTokenStore &
  AuthorizationStore & {
    revoke(
      appId: AuthorizerAppId,
      createTimeSeconds: number,
      confirmed?: boolean,
    ): Promise<'revoked' | 'ignored' | 'equal'>
    saveProfile(appId: AuthorizerAppId, profile: AuthorizerProfile, funcInfo: FuncInfo | undefined): Promise<void>
    get(appId: AuthorizerAppId): Promise<Authorizer | undefined>
    /** With its secrets, for the full mpinfo. */
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
  /**
   * New refresh tokens and exchanged codes count only when enough replicas have them. Default: the master is enough.
   */
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export function createAuthorizerStore(deps: AuthorizerStoreDeps): AuthorizerStore {
  const { platform, redis, keys, sealer, replicas = NO_REPLICA_BARRIER } = deps
  const refreshTokens = createRefreshTokenSeal({ platform, sealer })
  const { seal, open } = refreshTokens
  const revoke = createRevokeAuthorizer({ redis, keys })
  const tokens = createAuthorizerTokenStore({ platform, redis, keys, refreshTokens, revoke, replicas })
  const groupKeys = { groups: keys.authorizerGroups, members: keys.authorizersByGroup }

  async function readFields(appId: AuthorizerAppId): Promise<Record<string, string>> {
    return redis.hgetall(keys.authorizer(appId))
  }

  return {
    ...tokens,

    revoke: (appId, createTimeSeconds, confirmed = false) =>
      guardStore(() => revoke(appId, createTimeSeconds, confirmed ? 'confirmed' : 'event')),

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
          readToken(redis, { meta: keys.authorizer(appId), tokenKey: keys.accessToken(appId) }),
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
        if (outcome === 'added' || outcome === 'repaired' || outcome === 'known' || outcome === 'revoked')
          return outcome
        throw new TypeError('a reconciliation answered with an unknown outcome')
      }),
  }
}
