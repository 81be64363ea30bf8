// Owns: the component_access_token in Redis.
import { type ComponentTokenStore, COMPONENT_SUBJECT, type FailedRefresh } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Sealer } from '../sealed.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import { readToken } from './read-tokens.ts'
import { claimRefresh, commitRefresh, failRefresh } from './refresh-scripts.ts'
import { parseAnswer, parseClaim, parseSnapshot } from './snapshot.ts'
import { openTicket } from './ticket-store.ts'

export type ComponentTokenStoreDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function createComponentTokenStore({ platform, redis, keys, sealer }: ComponentTokenStoreDeps): ComponentTokenStore {
  const lease = keys.refreshLease(COMPONENT_SUBJECT)
  const error = keys.refreshError(COMPONENT_SUBJECT)
  const meta = [keys.componentToken, keys.componentAccessToken] as const

  return {
    read: () =>
      guardStore(async () => {
        const [, ...snapshot] = await readToken(redis, meta)
        return parseSnapshot(snapshot)
      }),

    claim: (_subject, { owner, leaseMs, seenVersion }) =>
      guardStore(async () => {
        const answer = await runScript(redis, claimRefresh, {
          keys: [...meta, lease, error, keys.ticket],
          args: ['component', owner, leaseMs, seenVersion ?? ''],
        })
        return parseClaim(parseAnswer(answer), ([sealed]) => ({ ticket: sealed ? openTicket(sealer, platform, sealed) : undefined }))
      }),

    fail: (_subject, failed) => guardStore(() => rememberFailure(redis, { meta: meta[0], lease, error, ...failed })),

    commit: (issued) =>
      guardStore(async () => {
        const answer = await runScript(redis, commitRefresh, {
          keys: [...meta, lease, error, keys.due],
          args: [
            'component',
            COMPONENT_SUBJECT,
            issued.owner,
            issued.fence,
            issued.token.reveal(),
            issued.lifetimeSeconds * 1000 - issued.elapsedMs,
            issued.lifetimeSeconds,
            issued.dueInMs,
            '',
            '',
          ],
        })
        const [kind, ...snapshot] = parseAnswer(answer)
        return kind === 'stored' ? { kind, snapshot: parseSnapshot(snapshot) } : { kind: 'lost' }
      }),
  }
}

export async function rememberFailure(
  redis: RedisConnection,
  failed: FailedRefresh & { meta: string; lease: string; error: string },
): Promise<number> {
  const failedInRow = await runScript(redis, failRefresh, {
    keys: [failed.meta, failed.lease, failed.error],
    args: [failed.owner, failed.fence, JSON.stringify(failed.failure), failed.holdMs, failed.isUnsettled ? '1' : ''],
  })
  return Number(failedInRow)
}
