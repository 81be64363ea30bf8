// Owns: the lists of arguments of record-events.lua.
import type { GatewayEvent } from '@wxgw/contracts'
import type { ConsumerWrite, KeyPlaces, RecordedWrites } from '../consumers/recorded-writes.ts'
import type { RecordClaim } from './event-claims.ts'
import { recordEvents } from './event-scripts.ts'
import { type UserIndex, userMember as memberOf } from './user-index.ts'

export type NewEvent = {
  event: GatewayEvent
  body: string
  receivedAtMs: number
  subscriptions: readonly string[]
  writes: readonly ConsumerWrite[]
  claim: RecordClaim | undefined
}

type RecordLayout = {
  /** Key of the index of all events. */
  all: string
  /** Key of the index of one authorizer. */
  indexOf(appId: string): string
  users: UserIndex
  consumers: RecordedWrites
}

/** `others`: keys. `records`: one of each queue, then one of each event, followed by those of its deliveries. */
type RecordLists = { others: string[]; queueCount: number; records: Array<string | number> }

const NOT_OF_USER = { ofUser: 0, userMember: '' }
const NO_CLAIM = { claimed: 0, arrival: '', claimMs: 0, unlessLogged: '' }

export function recordLists(
  { all, indexOf, users, consumers }: RecordLayout,
  events: readonly NewEvent[],
): RecordLists {
  const { queue: queueRecord, event: eventRecord, delivery: deliveryRecord } = recordEvents.records
  const others: string[] = []
  const records: Array<string | number> = []
  const keys = keyPlaces(others)
  const { placeOf } = keys
  const writing = consumers.begin(all, keys)

  const userOf = (event: GatewayEvent) => {
    const found = users.of(event)
    if (found === undefined) return NOT_OF_USER
    return { ofUser: placeOf(found.key), userMember: memberOf(found.tag, event.id) }
  }

  const claimOf = (claim: RecordClaim | undefined) => {
    if (claim === undefined) return NO_CLAIM
    const { key, arrival, lifeMs, unlessLogged } = claim
    return { claimed: placeOf(key), arrival, claimMs: lifeMs, unlessLogged: unlessLogged ? '1' : '' }
  }

  for (const { event, body, receivedAtMs, subscriptions, writes, claim } of events) {
    const authorizer = event.authorizerappid
    const writeOf = new Map(writes.map((write) => [write.subscription, write]))
    const { ofUser, userMember } = userOf(event)
    const { claimed, arrival, claimMs, unlessLogged } = claimOf(claim)
    const fields = {
      id: event.id,
      json: body,
      receivedAtMs,
      kind: event.type,
      authorizer: authorizer ?? '',
      ofAuthorizer: authorizer === undefined ? 0 : placeOf(indexOf(authorizer)),
      ofUser,
      userMember,
      claimed,
      arrival,
      claimMs,
      unlessLogged,
      deliveries: subscriptions.length,
    }
    records.push(...eventRecord(fields))
    for (const name of subscriptions) {
      const { sink, how } = writing.write(writeOf.get(name), event.id)
      records.push(...deliveryRecord({ name, sink, how }))
    }
  }
  const queues = writing.queues()
  return { others, queueCount: queues.length, records: [...queues.flatMap(queueRecord), ...records] }
}

function keyPlaces(list: string[]): KeyPlaces {
  const places = new Map<string, number>()
  return {
    add: (key) => list.push(key),
    placeOf(key) {
      const known = places.get(key)
      if (known !== undefined) return known
      const place = list.push(key)
      places.set(key, place)
      return place
    },
  }
}
