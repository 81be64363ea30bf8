// Owns: which indexes of the event log a search reads, and parsing their members.
import type { RedisConnection } from '../connect.ts'
import { decodeCursor, type Found, type NewestFirst, type Range, walkOne } from '../paging/newest-first.ts'
import { type Sets, walkMany } from '../paging/newest-of-many.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import type { EventFilter } from './event-log.ts'
import { eventOfMember, type User, userIndex } from './user-index.ts'

type Deps = { redis: RedisConnection; shards: MessageShards }

/** The shards to search, and the walk through all of them. An entry's `place` is that of its shard. */
export type Search = {
  redis: RedisConnection
  shards: readonly MessageShard[]
  walk: NewestFirst
  /** The event's id; undefined = another user's event. */
  idOf(entry: Found): string | undefined
}

const asMember = ({ member }: Found) => member

/** Whether the search reads the index of undelivered events. It does not if it reads the index of one user. */
export function isWalkedUndelivered({ subject, delivery }: EventFilter): boolean {
  return subject === undefined && delivery?.statuses !== undefined && !delivery.statuses.includes('delivered')
}

/** undefined = all. */
export function accountsOf({ authorizer, only }: EventFilter): readonly string[] | undefined {
  if (only === undefined) return authorizer === undefined ? undefined : [authorizer]
  return authorizer === undefined ? only : only.filter((appId) => appId === authorizer)
}

/** For a caller with rights to some accounts, only the indexes of these accounts are read. */
export async function openSearch({ redis, shards }: Deps, filter: EventFilter): Promise<Search> {
  const { authorizer, subject, only, fromMs, toMs, cursor, delivery } = filter
  const range = { after: decodeCursor(cursor), minScore: fromMs, maxScore: toMs }
  const accounts = accountsOf(filter)
  const searched = shards.all()
  const through = (walk: NewestFirst) => ({ redis, shards: searched, walk, idOf: asMember })
  if (subject !== undefined && authorizer !== undefined && accounts?.length === 1) {
    return searchUser({ redis, shards }, { authorizer, subject }, range)
  }
  if (delivery !== undefined && isWalkedUndelivered(filter)) {
    const sets = searched.map(({ undelivered }) => ({ prefix: undelivered(''), names: delivery.subscriptions }))
    return through(walkMany(redis, sets, range))
  }
  const [first] = searched
  if (searched.length === 1 && first !== undefined && only === undefined) {
    const key = authorizer === undefined ? first.events : first.eventsOfAuthorizer(authorizer)
    return through(walkOne(redis, { ...range, key }))
  }
  return through(walkMany(redis, setsOf(shards, accounts), range))
}

/** Reads the index of users. In a shard with events of earlier versions, it reads the index of the account. */
async function searchUser({ redis, shards }: Deps, user: User, range: Omit<Range, 'key'>): Promise<Search> {
  const searched = shards.all()
  const sets: Sets[] = searched.map(({ events }) => ({ prefix: events, names: [] }))
  const tags = new Map<number, string>()
  for (const shard of shards.withEventsOf(user.authorizer)) {
    const knownFrom = await redis.get(shard.usersKnownFrom)
    const isKnown = knownFrom !== null && Number(knownFrom) <= Date.now()
    const { bucket, tag } = userIndex(searched.length).ofUser(user)
    if (isKnown) tags.set(shard.index, tag)
    sets[shard.index] = setAt(isKnown ? shard.eventsOfUsers(bucket) : shard.eventsOfAuthorizer(user.authorizer))
  }
  return {
    redis,
    shards: searched,
    walk: walkMany(redis, sets, range),
    idOf({ member, place }) {
      const tag = tags.get(place)
      return tag === undefined ? member : eventOfMember(member, tag)
    },
  }
}

/** For each shard, in their order, the indexes of these accounts; undefined = the index of all. */
function setsOf(shards: MessageShards, accounts: readonly string[] | undefined): Sets[] {
  if (accounts === undefined) return shards.all().map(({ events }) => setAt(events))
  const sets = shards
    .all()
    .map(({ eventsOfAuthorizer }) => ({ prefix: eventsOfAuthorizer(''), names: Array<string>() }))
  for (const appId of new Set(accounts)) {
    for (const { index } of shards.withEventsOf(appId)) sets[index]?.names.push(appId)
  }
  return sets
}

function setAt(key: string): Sets {
  const end = key.lastIndexOf(':') + 1
  return { prefix: key.slice(0, end), names: [key.slice(end)] }
}
