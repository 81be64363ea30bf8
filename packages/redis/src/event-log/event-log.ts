// Owns: what WeChat sent lately and what became of it, for EVENT_LOG_SECONDS. Tickets never come here: that is the caller's duty.
import type { DeliveryStatus, GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import type { PlatformKeys } from '../keys.ts'
import { decodeCursor, encodeCursor, type Page, type Position, readNewestFirst } from '../paging/newest-first.ts'
import type { Queues } from '../queues/queues.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { createEventWriter } from './event-writer.ts'
import { type LoggedEvent, parseLoggedEvent } from './logged-event.ts'

export type EventFilter = {
  authorizer?: string | undefined
  /** Exact, or with `*` at the end; case does not matter. */
  type?: string | undefined
  /** Both bounds belong to the range; they are compared with the time of arrival. */
  fromMs?: number | undefined
  toMs?: number | undefined
  limit: number
  cursor: string | undefined
  /** Only events of these authorizers. */
  only?: readonly string[] | undefined
}

export type DeliveryChange = {
  status: DeliveryStatus
  attempts: number
  lastError?: string | undefined
  deliveredAtMs?: number | undefined
  /** Of the job in the deliveries' queue that works on it from now on. Default: as before; at first the event's id. */
  jobId?: string | undefined
}

/** The stream or the BullMQ queue of a subscription, under the names of its record. */
export type DirectSink = { subscription: string } & ({ stream: string; maxLength: number | undefined } | { queue: string })

export type RecordOptions = {
  /** The event as JSON, for who has it already. */
  body?: string
  /** Of some of the subscriptions. */
  direct?: readonly DirectSink[]
}

export type EventLog = {
  /**
   * Remembers an event and that these subscriptions are to get it, and gives it to their `direct` sinks in the same step: an entry
   * with the fields `id`, `type` and `event`, or a job with the event's id, named after its type. Answers the subscriptions that
   * have it: those whose sinks took it and, on repeat with the same `receivedAtMs`, all that it was delivered to before; nothing is
   * given twice then, and nothing known is lost. A sink takes none until the script was proven to reach it, which it does not on
   * a cluster; a queue takes none with a BullMQ of another format.
   */
  record(event: GatewayEvent, receivedAtMs: number, subscriptions: readonly string[], options?: RecordOptions): Promise<readonly string[]>
  deliveryChanged(eventId: string, subscription: string, change: DeliveryChange): Promise<void>
  has(id: string): Promise<boolean>
  get(id: string): Promise<LoggedEvent | undefined>
  /** Newest first. */
  find(filter: EventFilter): Promise<Page<LoggedEvent>>
}

export type EventLogDeps = {
  redis: RedisConnection
  keys: Pick<PlatformKeys, 'event' | 'events' | 'eventsOfAuthorizer' | 'unsettled'>
  /** Of consumers. Without them no queue takes any event. */
  queues?: Pick<Queues, 'open'> | undefined
  /** How long an event is remembered, from when it was recorded. */
  eventLogSeconds: number
  /** Above it the oldest are forgotten before their time. Default 1,000,000, about 1.5 GB. */
  maxEvents?: number
  /** Of the BullMQ that is installed. Default: what its package.json says. */
  version?: string | undefined
}

const DEFAULT_MAX_EVENTS = 1_000_000
/** Most entries that one `find` looks at; the answer may then be short, or empty, with a cursor to go on from. */
const SCAN_BUDGET = 5_000
const SCAN_BATCH = 250

/** Rejects with STORE_UNAVAILABLE; `find` with INVALID_REQUEST when the cursor is none. */
export function createEventLog({ maxEvents = DEFAULT_MAX_EVENTS, ...deps }: EventLogDeps): EventLog {
  const { redis, keys } = deps
  const writer = createEventWriter({ ...deps, maxEvents })

  /** Of those that pass the filter: where in the log, in order. */
  async function matching(places: readonly Position[], matches: Matcher): Promise<Position[]> {
    const pipeline = redis.pipeline()
    for (const { member } of places) pipeline.hmget(keys.event(member), 'type', 'authorizer')
    const answers = allSucceeded(await pipeline.exec())
    return places.filter((_, index) => {
      const answer = answers[index]
      const [type, authorizer] = Array.isArray(answer) ? answer.map((value) => (typeof value === 'string' ? value : undefined)) : []
      // Without a type it has expired or was dropped, and the index does not know yet.
      return type !== undefined && matches(type, authorizer ?? '')
    })
  }

  async function load(places: readonly Position[]): Promise<LoggedEvent[]> {
    const found = await Promise.all(places.map(async ({ member }) => parseLoggedEvent(await redis.hgetall(keys.event(member)))))
    return found.filter((event) => event !== undefined)
  }

  return {
    record: writer.record,
    deliveryChanged: writer.deliveryChanged,

    has: (id) => guardStore(async () => (await redis.exists(keys.event(id))) === 1),

    get: (id) => guardStore(async () => parseLoggedEvent(await redis.hgetall(keys.event(id)))),

    find: (filter) =>
      guardStore(async () => {
        const { authorizer, limit, only } = filter
        if (authorizer !== undefined && only !== undefined && !only.includes(authorizer)) return { items: [], nextCursor: null }
        const key = authorizer === undefined ? keys.events : keys.eventsOfAuthorizer(authorizer)
        const matches = matcher(filter)
        const found: Position[] = []
        let after = decodeCursor(filter.cursor)
        // One more than the page tells whether there is a next one.
        for (let scanned = 0; found.length <= limit && scanned < SCAN_BUDGET; ) {
          const range = { key, after, minScore: filter.fromMs, maxScore: filter.toMs }
          const places = await readNewestFirst(redis, range, SCAN_BATCH)
          found.push(...(await matching(places, matches)))
          scanned += places.length
          after = places.length < SCAN_BATCH ? undefined : places.at(-1)
          if (after === undefined) break
        }
        const page = found.slice(0, limit)
        const resumeAfter = found.length > limit ? page.at(-1) : after
        return { items: await load(page), nextCursor: resumeAfter ? encodeCursor(resumeAfter) : null }
      }),
  }
}

type Matcher = (type: string, authorizer: string) => boolean

function matcher({ type, only }: EventFilter): Matcher {
  const wanted = type?.toLowerCase()
  const granted = only && new Set(only)
  return (actual, authorizer) => {
    if (granted && !granted.has(authorizer)) return false
    if (wanted === undefined) return true
    return wanted.endsWith('*') ? actual.toLowerCase().startsWith(wanted.slice(0, -1)) : actual.toLowerCase() === wanted
  }
}
