// Owns: searching the event log, newest first. However much is logged or granted, one search reads a bounded part of it, and an
// answer is bounded in bytes: it may be short, or empty, with a cursor to go on from.
import type { RedisConnection } from '../connect.ts'
import { describeHashes, inGroups, MOST_PAGE_BYTES } from '../paging/describe-hashes.ts'
import { decodeCursor, encodeCursor, type Found, type NewestFirst, type Position, walkOne } from '../paging/newest-first.ts'
import { type Sets, walkMany } from '../paging/newest-of-many.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { allSucceeded } from '../store-errors.ts'
import { deliveryMatcher, describeDeliveries, type DescribedEvent } from './delivery-states.ts'
import type { EventFilter, FoundEvents } from './event-log.ts'
import { type LoggedEvent, parseLoggedEvent } from './logged-event.ts'

type Deps = { redis: RedisConnection; shards: MessageShards }

/** Entries that one search looks at. */
const MOST_SCANNED = 5_000
const SCAN_BATCH = 250

/** The shards that are searched, and the walk through all of them: an entry's `place` is that of its shard. */
type Search = { redis: RedisConnection; shards: readonly MessageShard[]; walk: NewestFirst }
type Entry = Found & { bytes: number }
type Matcher = (event: DescribedEvent) => boolean

export async function findEvents(deps: Deps, filter: EventFilter): Promise<FoundEvents> {
  const { limit } = filter
  const search = searchOf(deps, filter)
  const matches = matcherOf(filter)
  const page: Entry[] = []
  let bytes = 0
  const answer = async (last: Position | undefined) => ({
    items: await load(search, page),
    nextCursor: last ? encodeCursor(last) : null,
  })
  for (let scanned = 0; ; ) {
    // One more than the page tells whether there is a next one.
    const asked = matches === undefined ? Math.min(limit + 1 - page.length, SCAN_BATCH) : SCAN_BATCH
    const places = await search.walk(asked)
    const described = await describe(search, places, filter)
    for (const [index, place] of places.entries()) {
      const event = described[index]
      if (event?.type === undefined || matches?.(event) === false) continue
      // Of several subscriptions that have not been delivered it.
      if (page.at(-1)?.member === place.member) continue
      const { bytes: own } = event
      if (page.length === limit || (page.length > 0 && bytes + own > MOST_PAGE_BYTES)) return answer(page.at(-1))
      page.push({ ...place, bytes: own })
      bytes += own
    }
    scanned += places.length
    if (places.length < asked) return answer(undefined)
    const last = places.at(-1)
    if (scanned >= MOST_SCANNED && last) return { ...(await answer(last)), scannedTo: new Date(last.score).toISOString() }
  }
}

/** undefined = everything. */
function matcherOf(filter: EventFilter): Matcher | undefined {
  const { type, delivery } = filter
  const accounts = isWalkedUndelivered(filter) ? accountsOf(filter) : undefined
  if (type === undefined && delivery === undefined) return undefined
  const isType = typeMatcher(type)
  const isDelivery = delivery && deliveryMatcher(delivery)
  const granted = accounts && new Set(accounts)
  return (event) => {
    if (event.type === undefined || isType?.(event.type) === false || isDelivery?.(event) === false) return false
    return granted === undefined || (event.authorizer !== undefined && granted.has(event.authorizer))
  }
}

/** Is it all about what has not been delivered? Then the index of that is walked. */
function isWalkedUndelivered({ delivery }: EventFilter): boolean {
  return delivery?.statuses !== undefined && !delivery.statuses.includes('delivered')
}

/** undefined = all. */
function accountsOf({ authorizer, only }: EventFilter): readonly string[] | undefined {
  if (only === undefined) return authorizer === undefined ? undefined : [authorizer]
  return authorizer === undefined ? only : only.filter((appId) => appId === authorizer)
}

/** Whoever may see some accounts only walks through those, and never past anybody else's events. */
function searchOf({ redis, shards }: Deps, filter: EventFilter): Search {
  const { authorizer, only, fromMs, toMs, cursor, delivery } = filter
  const range = { after: decodeCursor(cursor), minScore: fromMs, maxScore: toMs }
  const accounts = accountsOf(filter)
  const searched = shards.all()
  if (delivery !== undefined && isWalkedUndelivered(filter)) {
    const sets = searched.map(({ undelivered }) => ({ prefix: undelivered(''), names: delivery.subscriptions }))
    return { redis, shards: searched, walk: walkMany(redis, sets, range) }
  }
  const [first] = searched
  if (searched.length === 1 && first !== undefined && only === undefined) {
    const key = authorizer === undefined ? first.events : first.eventsOfAuthorizer(authorizer)
    return { redis, shards: searched, walk: walkOne(redis, { ...range, key }) }
  }
  return { redis, shards: searched, walk: walkMany(redis, setsOf(shards, accounts), range) }
}

/** For each shard, in their order, the indexes of these accounts; undefined = the index of all. */
function setsOf(shards: MessageShards, accounts: readonly string[] | undefined): Sets[] {
  if (accounts === undefined) return shards.all().map(({ events }) => setAt(events))
  const sets = shards.all().map(({ eventsOfAuthorizer }) => ({ prefix: eventsOfAuthorizer(''), names: Array<string>() }))
  for (const appId of new Set(accounts)) {
    for (const { index } of shards.withEventsOf(appId)) sets[index]?.names.push(appId)
  }
  return sets
}

function setAt(key: string): Sets {
  const end = key.lastIndexOf(':') + 1
  return { prefix: key.slice(0, end), names: [key.slice(end)] }
}

async function describe({ redis, shards }: Search, places: readonly Found[], { delivery }: EventFilter): Promise<DescribedEvent[]> {
  return byShard(shards, places, async (shard, own) => {
    const keys = own.map(({ member }) => shard.event(member))
    if (delivery !== undefined) return describeDeliveries(redis, keys)
    const described = await describeHashes(redis, keys, { measured: 'event', fields: ['type', 'authorizer'] })
    return described.map(({ bytes, fields: [type, authorizer] }) => ({ bytes, type, authorizer, deliveries: [] }))
  })
}

async function load({ redis, shards }: Search, page: readonly Entry[]): Promise<LoggedEvent[]> {
  const loaded: LoggedEvent[] = []
  for (const group of inGroups(page)) {
    const read = await byShard(shards, group, async (shard, own) => {
      const pipeline = redis.pipeline()
      for (const { member } of own) pipeline.hgetall(shard.event(member))
      return allSucceeded(await pipeline.exec())
    })
    for (const fields of read) {
      const event = parseLoggedEvent(parseFields(fields))
      if (event !== undefined) loaded.push(event)
    }
  }
  return loaded
}

/** Asks each shard for its own entries, all at the same time. Answers in the order of the entries. */
async function byShard<E extends Found, Answer>(
  shards: readonly MessageShard[],
  entries: readonly E[],
  ask: (shard: MessageShard, own: readonly E[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers = await Promise.all(
    shards.map(async (shard, place) => {
      const own = entries.filter((entry) => entry.place === place)
      return own.length === 0 ? [] : [...(await ask(shard, own))].reverse()
    }),
  )
  return entries.flatMap(({ place }) => answers[place]?.splice(-1) ?? [])
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
