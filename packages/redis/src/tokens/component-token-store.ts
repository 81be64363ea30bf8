// Owns: the component_access_token in Redis.
import { type ComponentTokenStore, COMPONENT_SUBJECT, type FailedRefresh, type IssuedToken } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Sealer } from '../sealed.ts'
import { guardStore } from '../store-errors.ts'
import { readToken } from './read-tokens.ts'
import { claimRefresh, commitRefresh, failRefresh } from './refresh-scripts.ts'
import { parseAnswer, parseClaim, parseSnapshot } from './snapshot.ts'
import { openTicket } from './ticket-store.ts'

export type ComponentTokenStoreDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function createComponentTokenStore({
  platform,
  redis,
  keys,
  sealer,
}: ComponentTokenStoreDeps): ComponentTokenStore {
  const lease = keys.refreshLease(COMPONENT_SUBJECT)
  const refreshError = keys.refreshError(COMPONENT_SUBJECT)
  const token = { meta: keys.componentToken, tokenKey: keys.componentAccessToken }

  return {
    read: () =>
      guardStore(async () => {
        const [, ...snapshot] = await readToken(redis, token)
        return parseSnapshot(snapshot)
      }),

    claim: (_subject, { owner, leaseMs, seenVersion }) =>
      guardStore(async () => {
        const answer = await claimRefresh(redis, {
          ...token,
          lease,
          refreshError,
          material: keys.ticket,
          kind: 'component',
          owner,
          leaseMs,
          seen: seenVersion ?? '',
        })
        return parseClaim(parseAnswer(answer), ([sealed]) => ({
          ticket: sealed ? openTicket(sealer, platform, sealed) : undefined,
        }))
      }),

    fail: (_subject, failed) =>
      guardStore(() => rememberFailure(redis, { meta: token.meta, lease, refreshError, ...failed })),

    commit: (issued) =>
      guardStore(async () => {
        const answer = await commitRefresh(redis, {
          ...token,
          lease,
          refreshError,
          due: keys.due,
          ...withoutAccount(token.meta),
          kind: 'component',
          subject: COMPONENT_SUBJECT,
          ...committedToken(issued),
        })
        const [kind, ...snapshot] = parseAnswer(answer)
        return kind === 'stored' ? { kind, snapshot: parseSnapshot(snapshot) } : { kind: 'lost' }
      }),
  }
}

/** The arguments of `commitRefresh` about the token. */
export function committedToken({ owner, fence, token, lifetimeSeconds, elapsedMs, dueInMs }: IssuedToken) {
  const leftMs = lifetimeSeconds * 1000 - elapsedMs
  return { owner, fence, token: token.reveal(), leftMs, lifetime: lifetimeSeconds, dueInMs }
}

/** The arguments of `commitRefresh` that only accounts need, with a placeholder of the same hash tag for each key. */
export function withoutAccount(anyKey: string) {
  return { refreshTokens: anyKey, groups: anyKey, members: anyKey, generation: '', sealed: '' }
}

export async function rememberFailure(
  redis: RedisConnection,
  failed: FailedRefresh & { meta: string; lease: string; refreshError: string },
): Promise<number> {
  const failedInRow = await failRefresh(redis, {
    ...failed,
    failure: JSON.stringify(failed.failure),
    isUnsettled: failed.isUnsettled ? '1' : '',
  })
  return Number(failedInRow)
}
