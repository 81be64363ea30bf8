// Owns: searching the event log, newest first. One search reads a bounded number of entries and bytes. A page may
// therefore be short or empty, with a cursor for the next one.
import type { RedisConnection } from '../connect.ts'
import { cutByWeight } from '../paging/cut-by-weight.ts'
import { describeHashes, inGroups, MAX_PAGE_BYTES } from '../paging/describe-hashes.ts'
import { encodeCursor, type Found, type Position } from '../paging/newest-first.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { allSucceeded, hashIn } from '../store-errors.ts'
import { deliveryMatcher, describeDeliveries, type DescribedEvent } from './delivery-states.ts'
import type { EventFilter, FoundEvents } from './event-log.ts'
import { holdText, isWanted, textsOf } from './event-texts.ts'
import { accountsOf, isWalkedUndelivered, openSearch, type Search } from './event-walk.ts'
import { type LoggedEvent, parseEvent, parseLoggedEvent } from './logged-event.ts'

type Deps = { redis: RedisConnection; shards: MessageShards; eventLogSeconds: number }

/** Entries that one search scans. */
const MAX_SCANNED = 5_000
const SCAN_BATCH = 250
/** Bytes of events that one search reads, and how long it may take. */
const MAX_SCANNED_BYTES = 8 * 1024 * 1024
const MAX_SCANNED_MS = 500
/** Events that one script reads: about half a millisecond of Redis. */
const TEXT_GROUP = { weight: 256 * 1024, items: 100 }

type Place = Found & { id: string }
type Entry = Place & { bytes: number }
type Matcher = (event: DescribedEvent) => boolean
type Spent = { entries: number; bytes: number; untilMs: number }

export async function findEvents(deps: Deps, filter: EventFilter): Promise<FoundEvents> {
  const { limit } = filter
  const search = await openSearch(deps, filter)
  const matches = matcherOf(filter)
  const isWhole = matches === undefined && textsOf(filter) === undefined
  const spent: Spent = { entries: 0, bytes: 0, untilMs: performance.now() + MAX_SCANNED_MS }
  const page: Entry[] = []
  let bytes = 0
  const answer = async (last: Position | undefined, isCut = false): Promise<FoundEvents> => {
    const scannedToMs = last?.score ?? filter.fromMs ?? Date.now() - deps.eventLogSeconds * 1000
    return {
      items: await load(search, page),
      nextCursor: last ? encodeCursor(last) : null,
      ...(isCut || filter.text !== undefined ? { scannedTo: new Date(scannedToMs).toISOString() } : {}),
    }
  }
  for (;;) {
    // One more than the page, to know whether there is a next one.
    const asked = isWhole ? Math.min(limit + 1 - page.length, SCAN_BATCH) : SCAN_BATCH
    const places = await search.walk(asked)
    const { entries, cutAt } = await filterFound(search, { filter, matches, spent }, places)
    for (const entry of entries) {
      // The index of undelivered events has an event once per subscription.
      if (page.at(-1)?.id === entry.id) continue
      if (page.length === limit || (page.length > 0 && bytes + entry.bytes > MAX_PAGE_BYTES)) return answer(page.at(-1))
      page.push(entry)
      bytes += entry.bytes
    }
    if (cutAt !== undefined) return answer(cutAt, true)
    if (places.length < asked) return answer(undefined)
    if (isSpent(spent)) return answer(places.at(-1), true)
  }
}

/** The time is checked only by searches that read events: the others are fast. */
function isSpent({ entries, bytes, untilMs }: Spent): boolean {
  return entries >= MAX_SCANNED || bytes >= MAX_SCANNED_BYTES || (bytes > 0 && performance.now() > untilMs)
}

type Wanted = { filter: EventFilter; matches: Matcher | undefined; spent: Spent }

/** The entries that match. `cutAt`: the entry at which the search reached its bound. */
async function filterFound(
  search: Search,
  { filter, matches, spent }: Wanted,
  found: readonly Found[],
): Promise<{ entries: Entry[]; cutAt: Found | undefined }> {
  spent.entries += found.length
  const places = found.flatMap((place) => {
    const id = search.idOf(place)
    return id === undefined ? [] : [{ ...place, id }]
  })
  const described = await describe(search, places, filter)
  const entries = places.flatMap((place, index) => {
    const event = described[index]
    return event?.type === undefined || matches?.(event) === false ? [] : [{ ...place, bytes: event.bytes }]
  })
  const texts = textsOf(filter)
  if (texts === undefined) return { entries, cutAt: undefined }
  const wanted: Entry[] = []
  let cutAt: Entry | undefined
  for (const group of cutByWeight(entries, ({ bytes }) => bytes, TEXT_GROUP)) {
    if (isSpent({ ...spent, entries: 0 })) return { entries: wanted, cutAt }
    for (const { bytes } of group) spent.bytes += bytes
    const held = await byShard(search.shards, group, (shard, own) => {
      return holdText(
        search.redis,
        own.map(({ id }) => shard.event(id)),
        texts,
      )
    })
    wanted.push(
      ...(await confirm(
        search,
        filter,
        group.filter((_, index) => held[index] === true),
      )),
    )
    cutAt = group.at(-1)
  }
  return { entries: wanted, cutAt: undefined }
}

/**
 * Checks the candidates again: Redis also finds the text in names of members, in other values, and in parts that the
 * caller may not see.
 */
async function confirm(search: Search, filter: EventFilter, entries: readonly Entry[]): Promise<Entry[]> {
  const texts = await byShard(search.shards, entries, async (shard, own) => {
    const pipeline = search.redis.pipeline()
    for (const { id } of own) pipeline.hget(shard.event(id), 'event')
    return allSucceeded(await pipeline.exec())
  })
  return entries.filter((_, index) => {
    const text = texts[index]
    return typeof text === 'string' && isWanted(parseEvent(text), filter)
  })
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

async function describe(
  { redis, shards }: Search,
  places: readonly Place[],
  { delivery }: EventFilter,
): Promise<DescribedEvent[]> {
  return byShard(shards, places, async (shard, own) => {
    const keys = own.map(({ id }) => shard.event(id))
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
      for (const { id } of own) pipeline.hgetall(shard.event(id))
      return allSucceeded(await pipeline.exec())
    })
    for (const fields of read) {
      const event = parseLoggedEvent(hashIn(fields))
      if (event !== undefined) loaded.push(event)
    }
  }
  return loaded
}

/** Reads the entries of each shard, all shards at once. Answers in the order of the entries. */
async function byShard<E extends Found, Answer>(
  shards: readonly MessageShard[],
  entries: readonly E[],
  read: (shard: MessageShard, own: readonly E[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers = await Promise.all(
    shards.map(async (shard, place) => {
      const own = entries.filter((entry) => entry.place === place)
      return own.length === 0 ? [] : [...(await read(shard, own))].reverse()
    }),
  )
  return entries.flatMap(({ place }) => answers[place]?.splice(-1) ?? [])
}

/** undefined = every type. */
function typeMatcher(type: string | undefined): ((actual: string) => boolean) | undefined {
  const wanted = type?.toLowerCase()
  if (wanted === undefined) return undefined
  if (wanted.endsWith('*')) return (actual) => actual.toLowerCase().startsWith(wanted.slice(0, -1))
  return (actual) => actual.toLowerCase() === wanted
}
