// Owns: reading a sorted set from the highest score down, in pages by a cursor that stays valid while entries are added
// and removed.
import { GatewayError } from '@wxgw/wechat-core'
import type { RedisConnection } from '../connect.ts'

/** `nextCursor` is a position in plain text. It must be sealed before a caller gets it. */
export type Page<T> = { items: T[]; nextCursor: string | null }

/** A position in a sorted set. Entries after it have a lower score, or the same score and a lower member. */
export type Position = { score: number; member: string }

/** `place`: the index of the set that it comes from. */
export type Found = Position & { place: number }

export type Range = {
  key: string
  after: Position | undefined
  maxScore?: number | undefined
  minScore?: number | undefined
}

export function encodeCursor({ score, member }: Position): string {
  return `${score} ${member}`
}

/** Rejects with INVALID_REQUEST when it is no cursor of ours. */
export function decodeCursor(cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined
  const match = /^(\d{1,16}(?:\.\d{1,16})?) (.+)$/s.exec(cursor)
  const [, score, member] = match ?? []
  if (score === undefined || member === undefined) throw new GatewayError('INVALID_REQUEST', 'cursor is not valid')
  return { score: Number(score), member }
}

/** The next `count` entries, fewer only at the end. Each call continues after the previous one. */
export type NewestFirst = (count: number) => Promise<Found[]>

export function walkOne(redis: RedisConnection, range: Range): NewestFirst {
  let { after } = range
  return async (count) => {
    const found = await readNewestFirst(redis, { ...range, after }, count)
    after = found.at(-1) ?? after
    return found.map((position) => ({ ...position, place: 0 }))
  }
}

/** The next `count` entries after `range.after`, fewer only at the end. */
export async function readNewestFirst(redis: RedisConnection, range: Range, count: number): Promise<Position[]> {
  const { key, after } = range
  const min = range.minScore ?? '-inf'
  const max = Math.min(after?.score ?? Infinity, range.maxScore ?? Infinity)
  const found: Position[] = []
  // Entries with the cursor's score are read again. Many may share one millisecond, so they are skipped by offset.
  for (let offset = 0; found.length < count;) {
    const flat = await redis.zrevrangebyscore(
      key,
      max === Infinity ? '+inf' : max,
      min,
      'WITHSCORES',
      'LIMIT',
      offset,
      count,
    )
    const batch = toPositions(flat)
    found.push(...batch.filter((entry) => isAfter(entry, after)))
    offset += batch.length
    if (batch.length < count) break
  }
  return found.slice(0, count)
}

/** ZREVRANGEBYSCORE orders equal scores by the bytes of their members, descending. */
export function isAfter(entry: Position, after: Position | undefined): boolean {
  if (after === undefined || entry.score < after.score) return true
  return entry.score === after.score && Buffer.compare(Buffer.from(entry.member), Buffer.from(after.member)) < 0
}

/** `answer`: members and scores in turn, as WITHSCORES returns them. */
export function toPositions(answer: unknown): Position[] {
  const flat = Array.isArray(answer) ? (answer as unknown[]) : []
  const positions: Position[] = []
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const member = flat[index]
    if (typeof member === 'string') positions.push({ score: Number(flat[index + 1]), member })
  }
  return positions
}
