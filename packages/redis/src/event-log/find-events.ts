// Owns: searching the event log, newest first. However much is logged or granted, one search reads a bounded part of it, and an
// answer is bounded in bytes: it may be short, or empty, with a cursor to go on from.
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { describeHashes, inGroups, MOST_PAGE_BYTES } from '../paging/describe-hashes.ts'
import { decodeCursor, encodeCursor, type NewestFirst, type Page, type Position, walkOne } from '../paging/newest-first.ts'
import { walkMany } from '../paging/newest-of-many.ts'
import { allSucceeded } from '../store-errors.ts'
import type { EventFilter } from './event-log.ts'
import { type LoggedEvent, parseLoggedEvent } from './logged-event.ts'

type Deps = { redis: RedisConnection; keys: Pick<PlatformKeys, 'event' | 'events' | 'eventsOfAuthorizer'> }

/** Entries that one search looks at. */
const MOST_SCANNED = 5_000
const SCAN_BATCH = 250

type Found = Position & { bytes: number }

export async function findEvents({ redis, keys }: Deps, filter: EventFilter): Promise<Page<LoggedEvent>> {
  const { limit } = filter
  const walk = walkOf({ redis, keys }, filter)
  const matches = typeMatcher(filter.type)
  const page: Found[] = []
  let bytes = 0
  const answer = async (last: Position | undefined) => ({
    items: await load({ redis, keys }, page),
    nextCursor: last ? encodeCursor(last) : null,
  })
  for (let scanned = 0; ; ) {
    // One more than the page tells whether there is a next one.
    const asked = matches === undefined ? Math.min(limit + 1 - page.length, SCAN_BATCH) : SCAN_BATCH
    const places = await walk(asked)
    const described = await describeHashes(redis, places.map(({ member }) => keys.event(member)), { measured: 'event', fields: ['type'] })
    for (const [index, place] of places.entries()) {
      const { bytes: own = 0, fields: [type] = [] } = described[index] ?? {}
      // Without a type it has expired or was dropped, and the index does not know yet.
      if (type === undefined || matches?.(type) === false) continue
      if (page.length === limit || (page.length > 0 && bytes + own > MOST_PAGE_BYTES)) return answer(page.at(-1))
      page.push({ ...place, bytes: own })
      bytes += own
    }
    scanned += places.length
    if (places.length < asked) return answer(undefined)
    if (scanned >= MOST_SCANNED) return answer(places.at(-1))
  }
}

/** Whoever may see some accounts only walks through those, and never past anybody else's events. */
function walkOf({ redis, keys }: Deps, { authorizer, only, fromMs, toMs, cursor }: EventFilter): NewestFirst {
  const range = { after: decodeCursor(cursor), minScore: fromMs, maxScore: toMs }
  const granted = only === undefined || authorizer === undefined ? only : only.filter((appId) => appId === authorizer)
  if (granted !== undefined) return walkMany(redis, { prefix: keys.eventsOfAuthorizer(''), names: [...new Set(granted)] }, range)
  return walkOne(redis, { ...range, key: authorizer === undefined ? keys.events : keys.eventsOfAuthorizer(authorizer) })
}

async function load({ redis, keys }: Deps, page: readonly Found[]): Promise<LoggedEvent[]> {
  const loaded: LoggedEvent[] = []
  for (const group of inGroups(page)) {
    const pipeline = redis.pipeline()
    for (const { member } of group) pipeline.hgetall(keys.event(member))
    for (const fields of allSucceeded(await pipeline.exec())) {
      const event = parseLoggedEvent(parseFields(fields))
      if (event !== undefined) loaded.push(event)
    }
  }
  return loaded
}

function parseFields(answer: unknown): Record<string, string> {
  return typeof answer === 'object' && answer !== null ? (answer as Record<string, string>) : {}
}

/** undefined = every type. */
function typeMatcher(type: string | undefined): ((actual: string) => boolean) | undefined {
  const wanted = type?.toLowerCase()
  if (wanted === undefined) return undefined
  if (wanted.endsWith('*')) return (actual) => actual.toLowerCase().startsWith(wanted.slice(0, -1))
  return (actual) => actual.toLowerCase() === wanted
}
