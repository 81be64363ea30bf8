// Owns: the lists that the script which records events is called with. The script is record-events.lua.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Queue } from 'bullmq'
import { keysToAdd, optionsJson, prefixOf } from '../bullmq-format/add-jobs.ts'
import { CONSUMER_JOB_OPTIONS } from '../queues/job-options.ts'
import type { RecordClaim } from './event-claims.ts'
import type { DirectSink } from './event-log.ts'
import { recordEvents } from './event-scripts.ts'
import { type UserIndex, userMember } from './user-index.ts'

export type NewEvent = {
  event: GatewayEvent
  body: string
  receivedAtMs: number
  subscriptions: readonly string[]
  direct: readonly DirectSink[]
  claim: RecordClaim | undefined
}

export type RecordLayout = {
  /** Key of the index of one authorizer. */
  indexOf(appId: string): string
  users: UserIndex
  /** False: the script does not write to this stream. */
  reaches(stream: string): boolean
  /** undefined: the script does not write to this queue. */
  directQueue(name: string): Queue | undefined
}

/** `others`: the keys. `records`: of each queue, and then of each event and its deliveries. */
export type RecordLists = { others: string[]; queueCount: number; records: Array<string | number> }

/** In one call, all events together: nobody else is served meanwhile (measured: up to 9 µs each). */
export const MOST_DELIVERIES = 250
const NOT_FROM_HERE = { sink: 0, how: '' }
const NOT_OF_USER = { ofUser: 0, userMember: '' }
const NO_CLAIM = { claimed: 0, arrival: '', claimMs: 0, asksLog: '' }

type OpenQueue = { places: ReturnType<typeof keyPlaces>; prefix: string; jobs: number }

export function recordLists(layout: RecordLayout, events: readonly NewEvent[]): RecordLists {
  const { indexOf, users, reaches, directQueue } = layout
  const { queue: queueRecord, event: eventRecord, delivery: deliveryRecord } = recordEvents.records
  const others: string[] = []
  const places = new Map<string, number>()
  const queues = new Map<string, OpenQueue>()
  const records: Array<string | number> = []
  let deliveries = 0

  const placeOf = (key: string) => {
    const known = places.get(key)
    if (known !== undefined) return known
    const place = others.push(key)
    places.set(key, place)
    return place
  }

  const queueOf = (name: string) => {
    const known = queues.get(name)
    if (known !== undefined) return known
    const queue = directQueue(name)
    if (queue === undefined) return undefined
    const opened = { places: keyPlaces(queue, others), prefix: prefixOf(queue), jobs: 0 }
    queues.set(name, opened)
    return opened
  }

  /** Where its sink is among the keys, and how the script writes there. */
  const wayTo = (sink: DirectSink | undefined, { id }: GatewayEvent): { sink: number; how: string | number } => {
    if (sink === undefined || deliveries >= MOST_DELIVERIES) return NOT_FROM_HERE
    if ('stream' in sink) {
      if (!reaches(sink.stream)) return NOT_FROM_HERE
      deliveries += 1
      return { sink: placeOf(sink.stream), how: sink.maxLength ?? '' }
    }
    const queue = queueOf(sink.queue)
    if (queue === undefined) return NOT_FROM_HERE
    deliveries += 1
    queue.jobs += 1
    return { sink: queue.places.wait, how: optionsJson({ id, options: CONSUMER_JOB_OPTIONS }) }
  }

  const userOf = (event: GatewayEvent) => {
    const found = users.of(event)
    if (found === undefined) return NOT_OF_USER
    return { ofUser: placeOf(found.key), userMember: userMember(found.tag, event.id) }
  }

  const claimOf = (claim: RecordClaim | undefined) => {
    if (claim === undefined) return NO_CLAIM
    const { key, arrival, lifeMs, asksLog } = claim
    return { claimed: placeOf(key), arrival, claimMs: lifeMs, asksLog: asksLog ? '1' : '' }
  }

  for (const { event, body, receivedAtMs, subscriptions, direct, claim } of events) {
    const authorizer = event.authorizerappid
    const sinks = new Map(direct.map((sink) => [sink.subscription, sink]))
    const fields = {
      id: event.id,
      json: body,
      receivedAtMs,
      kind: event.type,
      authorizer: authorizer ?? '',
      ofAuthorizer: authorizer === undefined ? 0 : placeOf(indexOf(authorizer)),
      ...userOf(event),
      ...claimOf(claim),
      deliveries: subscriptions.length,
    }
    records.push(...eventRecord(fields))
    for (const name of subscriptions) records.push(...deliveryRecord({ name, ...wayTo(sinks.get(name), event) }))
  }
  const opened = [...queues.values()].flatMap(({ places: keys, prefix, jobs }) => queueRecord({ ...keys, prefix, jobs }))
  return { others, queueCount: queues.size, records: [...opened, ...records] }
}

/** Where the keys of a queue are in the list, to which they are added. */
function keyPlaces(queue: Queue, list: string[]) {
  const { wait, meta, counter, active, events, marker } = keysToAdd(queue)
  return {
    wait: list.push(wait),
    meta: list.push(meta),
    counter: list.push(counter),
    active: list.push(active),
    events: list.push(events),
    marker: list.push(marker),
  }
}
