// Owns: the event log of a platform: events and the states of their deliveries, for EVENT_LOG_SECONDS. Tickets are
// never recorded.
import type { DeliveryAttempt, DeliveryStatus, GatewayEvent } from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import type { ConsumerWrite, RecordedWritesDeps } from '../consumers/recorded-writes.ts'
import type { Page } from '../paging/newest-first.ts'
import type { MasterOutages } from '../replication/master-outages.ts'
import { firstFound } from '../shards/first-found.ts'
import type { EventPlace, MessageShard, MessageShards } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import { type MadeAttempt, pageOfAttempts, type StoredAttempts } from './attempts.ts'
import type { DeliveryFilter } from './delivery-states.ts'
import type { RecordClaim } from './event-claims.ts'
import { createEventWriter } from './event-writer.ts'
import { findEvents } from './find-events.ts'
import { type LogReach, readLogReach } from './log-reach.ts'
import { DELIVERY, type LoggedEvent, parseLoggedEvent } from './logged-event.ts'

export type EventFilter = {
  authorizer?: string | undefined
  /** Exact, or with `*` at the end; case does not matter. */
  type?: string | undefined
  /** Inclusive bounds of the time of arrival. */
  fromMs?: number | undefined
  toMs?: number | undefined
  /** An openid, only with `authorizer`. Events have an index by user. */
  subject?: string | undefined
  /**
   * Text within the values of `data`, ignoring the case of A to Z. `shown`: the part of the event that may be searched.
   */
  text?: { needle: string; shown(event: GatewayEvent): unknown } | undefined
  limit: number
  cursor: string | undefined
  /** Only events of these authorizers. */
  only?: readonly string[] | undefined
  delivery?: DeliveryFilter | undefined
}

/**
 * `scannedTo`: only of a search for text, or that reached its bound: events received before this time were not read.
 */
export type FoundEvents = Page<LoggedEvent> & { scannedTo?: string }

export type DeliveryChange = {
  status: DeliveryStatus
  attempts: number
  lastError?: string | undefined
  deliveredAtMs?: number | undefined
  /** The job that makes the delivery from now on. Default: unchanged; initially the event's id. */
  jobId?: string | undefined
  /** The attempt that led to it. */
  made?: MadeAttempt | undefined
}

export type RecordOptions = {
  /** The event as JSON, if it is serialized already. */
  body?: string
  /** Writes to consumers that are made in the same step, for some of the subscriptions. */
  writes?: readonly ConsumerWrite[]
  /** The claim of this arrival (event-claims.ts). Default: none is needed. */
  claim?: RecordClaim | undefined
}

/** An event to record, with the arguments of `record`. */
export type EventToRecord = {
  event: GatewayEvent
  receivedAtMs: number
  subscriptions: readonly string[]
  options: RecordOptions
}

export type EventLog = {
  /**
   * Records an event and its deliveries to these subscriptions. The same step writes to consumers, if scripts can reach
   * their keys: an entry with the fields `id`, `type` and `event`, or a job with the event's id, named after its type.
   * Answers the subscriptions that have the event: by a write of this call or, on a repeat with the same
   * `receivedAtMs`, by an earlier delivery. A repeat writes nothing twice, and keeps recorded states. undefined:
   * another arrival has claimed the event, and nothing was done.
   */
  record(
    event: GatewayEvent,
    receivedAtMs: number,
    subscriptions: readonly string[],
    options?: RecordOptions,
  ): Promise<readonly string[] | undefined>
  /**
   * As `record`, for events of one account: none is recorded before those in front of it, and no write is made behind
   * one of the same subscription that was refused. Answers for each what `record` answers, or the error of that event
   * alone. Rejects with STORE_UNAVAILABLE; then the first few may have been recorded.
   */
  recordInOrder(events: readonly EventToRecord[]): Promise<ReadonlyArray<readonly string[] | undefined | Error>>
  deliveryChanged(event: EventPlace, subscription: string, change: DeliveryChange): Promise<void>
  has(id: string): Promise<boolean>
  get(id: string): Promise<LoggedEvent | undefined>
  /** The last 20 of each subscription, newest first. None for an unknown event. */
  attempts(id: string, page: { limit: number; cursor: string | undefined }): Promise<Page<DeliveryAttempt>>
  /**
   * Newest first. A page has at most 512 KiB. A search scans at most 5,000 entries, reads 8 MiB and takes half a
   * second.
   */
  find(filter: EventFilter): Promise<FoundEvents>
  /** undefined: the platform has no log. */
  reach(): Promise<LogReach | undefined>
}

export type EventLogDeps = RecordedWritesDeps & {
  shards: MessageShards
  /** A shard that is away does not delay the events of others. Default: each shard is tried. */
  outages?: MasterOutages
  /** How long an event is kept after it was recorded. */
  eventLogSeconds: number
  /**
   * The bound of all shards together. Above it the oldest events are dropped early. Default 1,000,000, about 1.5 GB.
   */
  maxEvents?: number
}

const DEFAULT_MAX_EVENTS = 1_000_000
/** Rejects with STORE_UNAVAILABLE; `find` with INVALID_REQUEST when the cursor is none. */
export function createEventLog({ maxEvents = DEFAULT_MAX_EVENTS, ...deps }: EventLogDeps): EventLog {
  const { redis, shards, eventLogSeconds } = deps
  const writer = createEventWriter({ ...deps, maxEvents })

  return {
    record: writer.record,
    recordInOrder: writer.recordInOrder,
    deliveryChanged: writer.deliveryChanged,

    has: (id) =>
      guardStore(async () => {
        const found = await firstFound(
          shards.all(),
          async ({ event }) => (await redis.exists(event(id))) === 1 || undefined,
        )
        return found === true
      }),

    get: (id) =>
      guardStore(() => firstFound(shards.all(), async ({ event }) => parseLoggedEvent(await redis.hgetall(event(id))))),

    attempts: (id, page) =>
      guardStore(async () => {
        const stored = await firstFound(shards.all(), (shard) => readAttempts(redis, shard, id))
        return pageOfAttempts(stored ?? [], page)
      }),

    reach: () => readLogReach({ redis, shards, eventLogSeconds, maxEvents }),

    find: (filter) => guardStore(() => findEvents({ redis, shards, eventLogSeconds }, filter)),
  }
}

async function readAttempts(
  redis: RedisConnection,
  { event, attempts }: MessageShard,
  id: string,
): Promise<StoredAttempts | undefined> {
  const [logged, lists] = await Promise.all([redis.hgetall(event(id)), redis.hgetall(attempts(id))])
  if (logged['event'] === undefined) return undefined
  const states = Object.entries(logged).filter(([field]) => field.startsWith(DELIVERY))
  const stateOf = new Map(states.map(([field, state]) => [field.slice(DELIVERY.length), state]))
  const subscriptions = new Set([...stateOf.keys(), ...Object.keys(lists)])
  return [...subscriptions].map((subscription) => ({
    subscription,
    state: stateOf.get(subscription),
    list: lists[subscription],
  }))
}
