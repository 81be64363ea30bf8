// Owns: the tokens of authorizers in Redis: reading them, and each step of a refresh. The refresh itself is in
// wechat-core (token-keeper.ts).
import {
  type AuthorizerAppId,
  authorizerNotFound,
  authorizerRevoked,
  type AuthorizerTokenStore,
  isValid,
  reauthorizationRequired,
} from '@wxgw/wechat-core'
import { createBatches } from '../batches.ts'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import { requireReauthorization } from './authorization-scripts.ts'
import { committedToken, rememberFailure } from './component-token-store.ts'
import { readTokens } from './read-tokens.ts'
import { claimRefresh, commitRefresh } from './refresh-scripts.ts'
import type { RevokeAuthorizer } from './revoke-authorizer.ts'
import type { RefreshTokenSeal } from './sealed-refresh-token.ts'
import { parseAnswer, parseClaim, parseSnapshot } from './snapshot.ts'

type Deps = {
  platform: string
  redis: RedisConnection
  keys: PlatformKeys
  refreshTokens: RefreshTokenSeal
  revoke: RevokeAuthorizer
  /** A new refresh token counts when enough replicas have it. */
  replicas: Pick<ReplicaBarrier, 'confirmed'>
}

export function createAuthorizerTokenStore(deps: Deps): AuthorizerTokenStore {
  const {
    platform,
    redis,
    keys,
    refreshTokens: { seal, open },
    revoke,
    replicas,
  } = deps
  const tokenKeys = (appId: string) => ({
    meta: keys.authorizer(appId),
    tokenKey: keys.accessToken(appId),
    lease: keys.refreshLease(appId),
    refreshError: keys.refreshError(appId),
  })

  const keysOfToken = (appId: AuthorizerAppId) => ({ meta: keys.authorizer(appId), tokenKey: keys.accessToken(appId) })
  /** Concurrent reads, also of several accounts, are one step. */
  const reads = createBatches<AuthorizerAppId, string[]>({
    write: (_, appIds) => guardStore(() => readTokens(redis, appIds.map(keysOfToken))),
  })

  return {
    async read(appId) {
      const [status, ...values] = await reads.add(platform, appId)
      const snapshot = parseSnapshot(values)
      if (!status) throw authorizerNotFound()
      if (status === 'revoked') throw authorizerRevoked()
      if (status === 'reauthorization_required' && !isValid(snapshot.stored, snapshot.nowMs))
        throw reauthorizationRequired()
      return snapshot
    },

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

    fail: (appId, failed) => guardStore(() => rememberFailure(redis, { ...tokenKeys(appId), ...failed })),

    commit: (appId, issued) =>
      guardStore(async () => {
        const committed = {
          ...tokenKeys(appId),
          groups: keys.authorizerGroups,
          members: keys.authorizersByGroup,
          due: keys.due,
          refreshTokens: keys.refreshTokenHistory(appId),
          kind: 'authorizer',
          subject: appId,
          ...committedToken(issued),
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
          groups: keys.authorizerGroups,
          members: keys.authorizersByGroup,
          appid: appId,
          generation,
          owner,
        })
        if (outcome === 'marked' || outcome === 'known' || outcome === 'superseded') return outcome
        throw new TypeError('a mark for reauthorization answered with an unknown outcome')
      }),

    markRevoked: (appId, generation) =>
      guardStore(async () => (await revoke(appId, generation, 'generation')) === 'revoked'),
  }
}
