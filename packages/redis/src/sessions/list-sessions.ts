// Owns: lists of authorization sessions, newest first. One search reads a bounded number of entries and bytes. A page
// may therefore be short or empty, with a cursor for the next one.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { describeHashes, inGroups, MAX_PAGE_BYTES } from '../paging/describe-hashes.ts'
import {
  decodeCursor,
  encodeCursor,
  type NewestFirst,
  type Page,
  type Position,
  walkOne,
} from '../paging/newest-first.ts'
import { walkMany } from '../paging/newest-of-many.ts'
import { allSucceeded, hashIn } from '../store-errors.ts'
import { parseSession, type Session, type SessionStatus, statusOf } from './session-record.ts'

export type SessionsAsked = {
  limit: number
  cursor: string | undefined
  /** The SHA-256 of the sessions' reference. */
  referenceHash: string | undefined
  status: SessionStatus | undefined
  /** Only sessions that require one of these accounts, or that require none and were completed by one of them. */
  only: readonly string[] | undefined
}

type Deps = {
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'session' | 'sessions' | 'sessionsOfReference' | 'sessionsOfAuthorizer'>
  nowMs: number
}

const MAX_SCANNED = 5_000
const SCAN_BATCH = 250
const FIELDS = ['status', 'expiresAtMs', 'appid', 'authorizedAppid']

type Found = Position & { bytes: number }

export async function listSessions(deps: Deps, asked: SessionsAsked): Promise<Page<Session>> {
  const { redis, keys } = deps
  const walk = walkOf(deps, asked)
  const isWanted = filterOf(deps, asked)
  const page: Found[] = []
  let bytes = 0
  const answer = async (last: Position | undefined) => ({
    items: await load(deps, page),
    nextCursor: last ? encodeCursor(last) : null,
  })
  for (let scanned = 0; ;) {
    const places = await walk(SCAN_BATCH)
    const sessions = places.map(({ member }) => keys.session(member))
    const described = await describeHashes(redis, sessions, { measured: 'tags', fields: FIELDS })
    for (const [index, place] of places.entries()) {
      const { bytes: own = 0, fields = [] } = described[index] ?? {}
      if (!isWanted(fields)) continue
      if (page.length === asked.limit || (page.length > 0 && bytes + own > MAX_PAGE_BYTES)) return answer(page.at(-1))
      page.push({ ...place, bytes: own })
      bytes += own
    }
    scanned += places.length
    if (places.length < SCAN_BATCH) return answer(undefined)
    if (scanned >= MAX_SCANNED) return answer(places.at(-1))
  }
}

/** Reads the index of the reference, else those of the accounts in `only`, else that of all sessions. */
function walkOf({ redis, keys }: Deps, { referenceHash, only, cursor }: SessionsAsked): NewestFirst {
  const after = decodeCursor(cursor)
  if (referenceHash !== undefined) return walkOne(redis, { after, key: keys.sessionsOfReference(referenceHash) })
  if (only !== undefined) return walkMany(redis, [{ prefix: keys.sessionsOfAuthorizer(''), names: only }], { after })
  return walkOne(redis, { after, key: keys.sessions })
}

/** A session without a status has expired in Redis, but is still in the index. */
function filterOf(
  { nowMs }: Deps,
  { status, only }: SessionsAsked,
): (fields: ReadonlyArray<string | undefined>) => boolean {
  const granted = only && new Set(only)
  return ([written, expiresAtMs, appId, authorizedAppId]) => {
    const actual = statusOf({ status: written, expiresAtMs }, nowMs)
    if (actual === undefined || (status !== undefined && actual !== status)) return false
    return granted === undefined || granted.has(appId ?? authorizedAppId ?? '')
  }
}

async function load({ redis, keys, nowMs }: Deps, page: readonly Found[]): Promise<Session[]> {
  const loaded: Session[] = []
  for (const group of inGroups(page)) {
    const pipeline = redis.pipeline()
    for (const { member } of group) pipeline.hgetall(keys.session(member))
    for (const [index, fields] of allSucceeded(await pipeline.exec()).entries()) {
      const session = parseSession(group[index]?.member ?? '', hashIn(fields), nowMs)
      if (session !== undefined) loaded.push(session)
    }
  }
  return loaded
}
