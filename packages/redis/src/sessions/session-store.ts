// Owns: authorization sessions in Redis: creating one, finding it by a click, ending it once, and storing it until its
// event is emitted.
import { createHash } from 'node:crypto'
import { type AuthorizerAppId, authorizationCodeHash, GatewayError, type Secret } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import type { Page } from '../paging/newest-first.ts'
import { NO_REPLICA_BARRIER, type ReplicaBarrier } from '../replication/replica-barrier.ts'
import { guardStore } from '../store-errors.ts'
import { AUTHORIZATION_CODE_TTL_SECONDS } from '../tokens/authorization-code-store.ts'
import { historyCode } from '../tokens/authorization-history.ts'
import { parseAnswer } from '../tokens/snapshot.ts'
import { redisTimeMs } from '../store-health.ts'
import { listSessions, type SessionsAsked } from './list-sessions.ts'
import { fieldsOf, formatSession, type NewSession, parseSession, type Session } from './session-record.ts'
import {
  cancelSession,
  createSession,
  endSession,
  openSession,
  rememberClick,
  takeClick,
  takeExpired,
} from './session-scripts.ts'

/** The mark of a click, or its pre_auth_code. */
type ClickKey = { mark: string } | { preAuthCode: Secret }
/** `clickedAtMs` by Redis' clock. */
export type Click = { sessionId: string; clickedAtMs: number }

export type TakenClick =
  | { kind: 'taken'; session: Session; clickedAtMs: number }
  /** The session has reached its clicks per minute. */
  | { kind: 'wait'; retryAfterSeconds: number }
  | { kind: 'over'; session: Session }

/** One authorization: the account and its code. */
export type SettledAuthorization = { appId: AuthorizerAppId; code: Secret; grantedSets: readonly number[] }

export type SessionEnd = {
  /** `ended`: by this call. `ended-before`: by an earlier call with the same authorization. `other`: not by it. */
  kind: 'ended' | 'ended-before' | 'other'
  session: Session
}

/** All reject with STORE_UNAVAILABLE. */
export type SessionStore = {
  /** Rejects with SESSION_LIMIT when too many are stored. */
  create(session: NewSession): Promise<{ expiresAtMs: number }>
  get(id: string): Promise<Session | undefined>
  /** As `get`, and stores the time of the first view of its page. `isFirst`: by this call. */
  open(id: string): Promise<{ session: Session; isFirst: boolean } | undefined>
  list(asked: Omit<SessionsAsked, 'referenceHash'> & { reference: string | undefined }): Promise<Page<Session>>
  /** undefined when there is no such session. */
  takeClick(id: string): Promise<TakenClick | undefined>
  rememberClick(click: Click, by: { mark: string; preAuthCode: Secret }): Promise<void>
  findClick(by: ClickKey): Promise<Click | undefined>
  /** undefined when there is no such session. */
  end(click: Click, authorization: SettledAuthorization): Promise<SessionEnd | undefined>
  /** The session that this authorization has completed or refused. */
  endedBy(code: Secret): Promise<Session | undefined>
  cancel(id: string): Promise<'cancelled' | 'refused' | 'completed' | 'unknown'>
  /** Ids of sessions that ended before this time and whose event was not emitted yet, at most `count`. */
  unannounced(endedBeforeMs: number, count: number): Promise<string[]>
  announced(id: string): Promise<void>
  /** Removes up to `limit` sessions from the index of expiries. `open`: how many of these have expired while open. */
  takeExpired(limit: number): Promise<{ taken: number; open: number }>
}

type SessionStoreDeps = {
  redis: RedisConnection
  keys: PlatformKeys
  replicas?: Pick<ReplicaBarrier, 'confirmed'>
}

export function createSessionStore({ redis, keys, replicas = NO_REPLICA_BARRIER }: SessionStoreDeps): SessionStore {
  const referenceHash = (reference: string) => createHash('sha256').update(reference).digest('hex')
  const clickKey = (by: ClickKey) =>
    'mark' in by ? keys.sessionClick(by.mark) : keys.sessionPreAuthCode(authorizationCodeHash(by.preAuthCode))

  async function get(id: string): Promise<Session | undefined> {
    const [fields, nowMs] = await Promise.all([redis.hgetall(keys.session(id)), redisTimeMs(redis)])
    return parseSession(id, fields, nowMs)
  }

  return {
    create: (session) =>
      guardStore(async () => {
        const { id, appId, reference, expiresInSeconds } = session
        const write = () =>
          createSession(redis, {
            record: keys.session(id),
            sessions: keys.sessions,
            ofReference: keys.sessionsOfReference(referenceHash(reference)),
            ofAccount: appId === undefined ? keys.sessions : keys.sessionsOfAuthorizer(appId),
            byExpiry: keys.sessionsByExpiry,
            id,
            lifeSeconds: expiresInSeconds,
            hasAccount: appId === undefined ? '' : '1',
            fields: formatSession(session),
          })
        const answer = await replicas.confirmed(keys.session(id), write)
        if (answer === null)
          throw new GatewayError('SESSION_LIMIT', 'the platform or the account has as many sessions as it may')
        return { expiresAtMs: Number(parseAnswer(answer)[1]) }
      }),

    get: (id) => guardStore(() => get(id)),

    open: (id) =>
      guardStore(async () => {
        const answer = await openSession(redis, { record: keys.session(id) })
        if (answer === null) return undefined
        const [isFirst, ...rest] = parseAnswer(answer)
        const session = sessionIn(id, rest)
        return session && { session, isFirst: isFirst === '1' }
      }),

    list: ({ reference, ...asked }) =>
      guardStore(async () => {
        const hash = reference === undefined ? undefined : referenceHash(reference)
        return listSessions({ redis, keys, nowMs: await redisTimeMs(redis) }, { ...asked, referenceHash: hash })
      }),

    takeClick: (id) =>
      guardStore(async () => {
        const [kind, ...rest] = parseAnswer(await takeClick(redis, { record: keys.session(id) }))
        if (kind === 'wait') return { kind, retryAfterSeconds: Number(rest[0]) / 1000 }
        const session = sessionIn(id, rest)
        if (session === undefined) return undefined
        return kind === 'taken' ? { kind, session, clickedAtMs: Number(rest[0]) } : { kind: 'over', session }
      }),

    rememberClick: ({ sessionId, clickedAtMs }, by) =>
      guardStore(async () => {
        const [mark, preAuthCode] = [clickKey({ mark: by.mark }), clickKey({ preAuthCode: by.preAuthCode })]
        const write = () => rememberClick(redis, { click: mark, preAuthCode, session: sessionId, clickedAtMs })
        await replicas.confirmed(mark, write)
      }),

    findClick: (by) =>
      guardStore(async () => {
        const [sessionId, clickedAtMs] = (await redis.get(clickKey(by)))?.split(' ') ?? []
        return sessionId === undefined ? undefined : { sessionId, clickedAtMs: Number(clickedAtMs) }
      }),

    end: ({ sessionId: id, clickedAtMs }, { appId, code, grantedSets }) =>
      guardStore(async () => {
        const codeHash = authorizationCodeHash(code)
        const write = () =>
          endSession(redis, {
            record: keys.session(id),
            exchange: keys.authorizationCode(codeHash),
            unannounced: keys.sessionsUnannounced,
            ofAccount: keys.sessionsOfAuthorizer(appId),
            history: keys.authorizerHistory(appId),
            id,
            appid: appId,
            clickedAtMs,
            grantedSets: grantedSets.join(','),
            codeStart: historyCode(codeHash),
            codeTtl: AUTHORIZATION_CODE_TTL_SECONDS,
          })
        const [kind, ...rest] = parseAnswer(await replicas.confirmed(keys.session(id), write))
        const session = sessionIn(id, rest)
        if (session === undefined) return undefined
        return { kind: kind === 'ended' || kind === 'ended-before' ? kind : 'other', session }
      }),

    endedBy: (code) =>
      guardStore(async () => {
        const id = await redis.hget(keys.authorizationCode(authorizationCodeHash(code)), 'session')
        return id === null ? undefined : get(id)
      }),

    cancel: (id) =>
      guardStore(async () => {
        const write = () => cancelSession(redis, { record: keys.session(id) })
        const outcome = await replicas.confirmed(keys.session(id), write)
        if (outcome === 'cancelled' || outcome === 'refused' || outcome === 'completed' || outcome === 'unknown')
          return outcome
        throw new TypeError('a cancellation answered with an unknown outcome')
      }),

    unannounced: (endedBeforeMs, count) =>
      guardStore(() => redis.zrangebyscore(keys.sessionsUnannounced, '-inf', endedBeforeMs, 'LIMIT', 0, count)),

    announced: (id) =>
      guardStore(async () => {
        await redis.zrem(keys.sessionsUnannounced, id)
      }),

    takeExpired: (limit) =>
      guardStore(async () => {
        const asked = { byExpiry: keys.sessionsByExpiry, prefix: keys.session(''), limit }
        const [taken, open] = parseAnswer(await takeExpired(redis, asked)).map(Number)
        return { taken: taken ?? 0, open: open ?? 0 }
      }),
  }
}

/** From an answer with Redis' time and the fields of a session. */
function sessionIn(id: string, [nowMs, ...flat]: readonly string[]): Session | undefined {
  return parseSession(id, fieldsOf(flat), Number(nowMs))
}
