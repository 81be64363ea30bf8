// Owns: the lists of arguments of record-events.lua.
import type { GatewayEvent } from '@wxgw/contracts'
import type { ConsumerWrite, KeyPlaces, RecordedWrites } from '../consumers/recorded-writes.ts'
import type { RecordClaim } from './event-claims.ts'
import { recordEvents } from './event-scripts.ts'
import type { UserIndex } from './user-index.ts'

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
  users: Pick<UserIndex, 'of'>
  consumers: RecordedWrites
}

type Values = Array<string | number>

/**
 * `others`: keys. `records`: one of each queue, then one of each group, followed by those of its deliveries, then one
 * of each event.
 */
type RecordLists = { others: string[]; queueCount: number; groupCount: number; records: Values }

const NO_USER = { bucket: '', tag: '' }

/** Each argument costs this process and Redis some 0.2 µs, so what is the same for many events is sent once. */
export function recordLists({ all, users, consumers }: RecordLayout, events: readonly NewEvent[]): RecordLists {
  const { queue: queueRecord, event: eventRecord } = recordEvents.records
  const others: string[] = []
  const writing = consumers.begin(all, keyPlaces(others))
  const groups = createGroups()
  const ofEvents: Values = []
  for (const { event, body, receivedAtMs, subscriptions, writes, claim } of events) {
    const group = claimValues(claim, subscriptions.length)
    const writeOf = new Map(writes.map((write) => [write.subscription, write]))
    for (const name of subscriptions) {
      const { sink, how } = writing.write(writeOf.get(name), event.id)
      group.push(name, sink, how)
    }
    const { bucket, tag } = users.of(event) ?? NO_USER
    const fields = {
      id: event.id,
      json: body,
      receivedAtMs,
      kind: event.type,
      authorizer: event.authorizerappid ?? '',
      users: bucket,
      userTag: tag,
      arrival: claim?.arrival ?? '',
      groupNumber: groups.numberOf(group),
    }
    ofEvents.push(...eventRecord(fields))
  }
  const queues = writing.queues()
  const records = [...queues.flatMap(queueRecord), ...groups.records, ...ofEvents]
  return { others, queueCount: queues.length, groupCount: groups.count(), records }
}

/** The record `group`. */
function claimValues(claim: RecordClaim | undefined, deliveries: number): Values {
  const { group } = recordEvents.records
  if (claim === undefined) return group({ claimMs: 0, unlessLogged: '', deliveries })
  return group({ claimMs: claim.lifeMs, unlessLogged: claim.unlessLogged ? '1' : '', deliveries })
}

/** Groups of events with the same deliveries, written in the same way, and claims of the same life. */
function createGroups() {
  const numbers = new Map<string, number>()
  const records: Values = []
  return {
    records,
    count: () => numbers.size,
    /** The number of the group with these values, from 1. */
    numberOf(values: Values): number {
      const key = values.join(' ')
      const known = numbers.get(key)
      if (known !== undefined) return known
      const number = numbers.size + 1
      numbers.set(key, number)
      records.push(...values)
      return number
    },
  }
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
