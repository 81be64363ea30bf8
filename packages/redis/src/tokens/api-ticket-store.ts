// Owns: jsapi and wx_card tickets in Redis, sealed.
import { type CommitOutcome, type Secret, type TokenKeeperStore, type TokenSnapshot } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Sealer } from '../sealed.ts'
import { guardStore } from '../store-errors.ts'
import { rememberFailure, withoutAccount } from './component-token-store.ts'
import { readToken } from './read-tokens.ts'
import { claimRefresh, commitRefresh } from './refresh-scripts.ts'
import { parseAnswer, parseClaim, parseSnapshot } from './snapshot.ts'

export type ApiTicketType = 'jsapi' | 'wx_card'
/** `<type>:<appid>`. */
export type ApiTicketSubject = `${ApiTicketType}:${string}`

export type ApiTicketStore = TokenKeeperStore<ApiTicketSubject, undefined> & {
  commit(
    subject: ApiTicketSubject,
    issued: { owner: string; fence: number; ticket: Secret; lifetimeSeconds: number; elapsedMs: number },
  ): Promise<CommitOutcome>
}

const META_TTL_SECONDS = 86_400

export type ApiTicketStoreDeps = { platform: string; redis: RedisConnection; keys: PlatformKeys; sealer: Sealer }

export function createApiTicketStore({ platform, redis, keys, sealer }: ApiTicketStoreDeps): ApiTicketStore {
  const place = (subject: string) => ({ platform, subject, field: 'api_ticket' })
  const opened = (subject: string, snapshot: TokenSnapshot): TokenSnapshot => ({
    ...snapshot,
    stored: snapshot.stored && {
      ...snapshot.stored,
      token: sealer.open(snapshot.stored.token.reveal(), place(subject)),
    },
  })
  const keysOf = (subject: ApiTicketSubject) => {
    const [type = '', appId = ''] = subject.split(':')
    return {
      meta: keys.apiTicketMeta(type, appId),
      tokenKey: keys.apiTicket(type, appId),
      lease: keys.refreshLease(subject),
      refreshError: keys.refreshError(subject),
    }
  }

  return {
    read: (subject) =>
      guardStore(async () => {
        const [, ...snapshot] = await readToken(redis, keysOf(subject))
        return opened(subject, parseSnapshot(snapshot))
      }),

    claim: (subject, { owner, leaseMs, seenVersion }) =>
      guardStore(async () => {
        const own = keysOf(subject)
        const asked = { material: own.meta, kind: 'ticket', owner, leaseMs, seen: seenVersion ?? '' }
        const answer = await claimRefresh(redis, { ...own, ...asked })
        const claim = parseClaim(parseAnswer(answer), () => undefined)
        return claim.kind === 'changed' ? { kind: 'changed', snapshot: opened(subject, claim.snapshot) } : claim
      }),

    fail: (subject, failed) => guardStore(() => rememberFailure(redis, { ...keysOf(subject), ...failed })),

    commit: (subject, issued) =>
      guardStore(async () => {
        const own = keysOf(subject)
        const answer = await commitRefresh(redis, {
          ...own,
          due: own.meta,
          ...withoutAccount(own.meta),
          kind: 'ticket',
          subject,
          owner: issued.owner,
          fence: issued.fence,
          token: sealer.seal(issued.ticket.reveal(), place(subject)),
          leftMs: issued.lifetimeSeconds * 1000 - issued.elapsedMs,
          lifetime: issued.lifetimeSeconds,
          dueInMs: 0,
        })
        await redis.expire(own.meta, META_TTL_SECONDS)
        const [kind, ...snapshot] = parseAnswer(answer)
        return kind === 'stored' ? { kind, snapshot: opened(subject, parseSnapshot(snapshot)) } : { kind: 'lost' }
      }),
  }
}
