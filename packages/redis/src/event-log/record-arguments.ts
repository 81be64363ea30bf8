// Owns: what the script that records events is called with. What it does with that stands in event-scripts.ts.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Queue } from 'bullmq'
import { KEYS_TO_ADD, optionsJson } from '../bullmq-format/add-jobs-script.ts'
import { keysOf, prefixOf } from '../bullmq-format/format-version.ts'
import { CONSUMER_JOB_OPTIONS } from '../queues/job-options.ts'
import type { ScriptArguments } from '../script.ts'
import type { RecordClaim } from './event-claims.ts'
import type { DirectSink } from './event-log.ts'
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
  /** The first of ARGV, up to the queues. */
  head: ReadonlyArray<string | number>
  /** Key of the index of all events. */
  index: string
  /** Key of the index of deliveries that are not over. */
  unsettled: string
  feed: string
  feedEnd: string
  usersKnownFrom: string
  /** Key of the index of one authorizer. */
  indexOf(appId: string): string
  users: UserIndex
  /** False: the script does not write to this stream. */
  reaches(stream: string): boolean
  /** undefined: the script does not write to this queue. */
  directQueue(name: string): Queue | undefined
}

/** In one call, all events together: nobody else is served meanwhile (measured: up to 9 µs each). */
export const MOST_DELIVERIES = 250
const NOT_FROM_HERE: [place: number, how: string] = [0, '']
const NOT_OF_USER: [place: number, member: string] = [0, '']
const NO_CLAIM = [0, '', 0, '']

export function recordArguments(layout: RecordLayout, events: readonly NewEvent[]): ScriptArguments {
  const { head, indexOf, users, reaches, directQueue } = layout
  const keys = [layout.index, layout.unsettled, layout.feed, layout.feedEnd, layout.usersKnownFrom]
  const places = new Map<string, number>()
  const queues = new Map<string, { place: number; prefix: string; jobs: number }>()
  const about: Array<string | number> = []
  let deliveries = 0

  const placeOf = (key: string) => {
    const known = places.get(key)
    if (known !== undefined) return known
    const place = keys.push(key)
    places.set(key, place)
    return place
  }

  const queueOf = (name: string) => {
    const known = queues.get(name)
    if (known !== undefined) return known
    const queue = directQueue(name)
    if (queue === undefined) return undefined
    const added = { place: keys.length + 1, prefix: prefixOf(queue), jobs: 0 }
    keys.push(...keysOf(queue, KEYS_TO_ADD))
    queues.set(name, added)
    return added
  }

  /** Which of the keys is its sink's, and how it is written there. */
  const wayTo = (sink: DirectSink | undefined, { id }: GatewayEvent): [place: number, how: string | number] => {
    if (sink === undefined || deliveries >= MOST_DELIVERIES) return NOT_FROM_HERE
    if ('stream' in sink) {
      if (!reaches(sink.stream)) return NOT_FROM_HERE
      deliveries += 1
      return [placeOf(sink.stream), sink.maxLength ?? '']
    }
    const queue = queueOf(sink.queue)
    if (queue === undefined) return NOT_FROM_HERE
    deliveries += 1
    queue.jobs += 1
    return [queue.place, optionsJson({ id, options: CONSUMER_JOB_OPTIONS })]
  }

  const userOf = (event: GatewayEvent): [place: number, member: string] => {
    const found = users.of(event)
    return found === undefined ? NOT_OF_USER : [placeOf(found.key), userMember(found.tag, event.id)]
  }

  const claimed = (claim: RecordClaim | undefined) =>
    claim === undefined ? NO_CLAIM : [placeOf(claim.key), claim.arrival, claim.lifeMs, claim.asksLog ? '1' : '']

  for (const { event, body, receivedAtMs, subscriptions, direct, claim } of events) {
    const authorizer = event.authorizerappid
    const own = authorizer === undefined ? 0 : placeOf(indexOf(authorizer))
    const sinks = new Map(direct.map((sink) => [sink.subscription, sink]))
    about.push(event.id, body, receivedAtMs, event.type, authorizer ?? '', own, ...userOf(event))
    about.push(...claimed(claim), subscriptions.length)
    for (const name of subscriptions) about.push(name, ...wayTo(sinks.get(name), event))
  }
  const opened = [...queues.values()].flatMap((queue) => [queue.place, queue.prefix, queue.jobs])
  return { keys, args: [...head, queues.size, ...opened, ...about] }
}
