// Owns: what the script that records events is called with. What it does with that stands in event-scripts.ts.
import type { GatewayEvent } from '@wxgw/contracts'
import type { Queue } from 'bullmq'
import { keysToAdd, optionsJson, prefixOf } from '../queues/add-jobs-script.ts'
import { CONSUMER_JOB_OPTIONS } from '../queues/job-options.ts'
import type { ScriptArguments } from '../script.ts'
import type { DirectSink } from './event-log.ts'

export type NewEvent = {
  event: GatewayEvent
  body: string
  receivedAtMs: number
  subscriptions: readonly string[]
  direct: readonly DirectSink[]
}

export type RecordLayout = {
  /** The first of ARGV, up to the queues. */
  head: ReadonlyArray<string | number>
  /** Key of the index of all events. */
  index: string
  /** Key of the index of one authorizer. */
  indexOf(appId: string): string
  /** undefined: it is not written to by this script. */
  directQueue(name: string): Queue | undefined
}

/** In one call, all events together: nobody else is served meanwhile. Who has more subscribers than that is served right after. */
const MOST_JOBS = 250

export function recordArguments({ head, index, indexOf, directQueue }: RecordLayout, events: readonly NewEvent[]): ScriptArguments {
  const keys = [index]
  const places = new Map<string, number>()
  const queues = new Map<string, { place: number; prefix: string; jobs: number }>()
  const about: Array<string | number> = []
  let jobs = 0

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
    keys.push(...keysToAdd(queue))
    queues.set(name, added)
    return added
  }

  for (const { event, body, receivedAtMs, subscriptions, direct } of events) {
    const authorizer = event.authorizerappid
    const own = authorizer === undefined ? 0 : placeOf(indexOf(authorizer))
    const given: Array<string | number> = []
    const served = new Set<string>()
    for (const sink of direct) {
      if ('stream' in sink) {
        given.push(sink.subscription, placeOf(sink.stream), sink.maxLength ?? '')
      } else {
        const queue = jobs < MOST_JOBS ? queueOf(sink.queue) : undefined
        if (queue === undefined) continue
        jobs += 1
        queue.jobs += 1
        given.push(sink.subscription, queue.place, optionsJson({ id: event.id, options: CONSUMER_JOB_OPTIONS }))
      }
      served.add(sink.subscription)
    }
    const others = subscriptions.filter((name) => !served.has(name))
    about.push(event.id, body, receivedAtMs, event.type, authorizer ?? '', own, others.length, ...others, served.size, ...given)
  }
  const opened = [...queues.values()].flatMap((queue) => [queue.place, queue.prefix, queue.jobs])
  return { keys, args: [...head, queues.size, ...opened, ...about] }
}
