// Owns: finding what a replay is to deliver: in the event log, and in the dead letters, which the log may no longer
// know.
import {
  explainMatch,
  type GatewayEvent,
  type MatchedEvent,
  parserOf,
  DeliveryJobSchema,
  type Subscription,
} from '@wxgw/contracts'
import type { RedisConnection } from '../connect.ts'
import { describeDeliveries, type DescribedEvent } from '../event-log/delivery-states.ts'
import { parseEvent } from '../event-log/logged-event.ts'
import { deliveriesQueue, queueKey } from '../keys.ts'
import { describeHashes, inGroups } from '../paging/describe-hashes.ts'
import { type Found, type Position, readNewestFirst } from '../paging/newest-first.ts'
import { walkMany } from '../paging/newest-of-many.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { allSucceeded } from '../store-errors.ts'
import type { ReplayItem, ReplayRange } from './replay-record.ts'

export type Selected = { item: ReplayItem; receivedAtMs: number }

export type SelectionDeps = { platform: string; redis: RedisConnection; shards: MessageShards }

const BATCH = 250
const TEST_EVENT = 'gateway.subscription.test'

const parseDelivery = parserOf(DeliveryJobSchema)

/** Each thing once, in batches. */
export async function* selectItems(
  deps: SelectionDeps,
  subscription: Subscription,
  range: ReplayRange,
): AsyncGenerator<Selected[]> {
  const inLog = new Set<string>()
  for await (const selected of selectLogged(deps, subscription, range)) {
    for (const { item } of selected) inLog.add(item.eventId)
    yield selected
  }
  yield* selectDead(deps, subscription, { ...range, except: inLog })
}

async function* selectLogged(
  deps: SelectionDeps,
  subscription: Subscription,
  range: ReplayRange,
): AsyncGenerator<Selected[]> {
  const { redis, shards } = deps
  const { fromMs: minScore, toMs: maxScore } = range
  const searched = shards.all()
  const accounts = accountsOf(subscription, range)
  const sets = searched.map(({ index, events, eventsOfAuthorizer }) => {
    if (accounts === undefined) return { prefix: events.slice(0, events.lastIndexOf(':') + 1), names: ['events'] }
    return {
      prefix: eventsOfAuthorizer(''),
      names: accounts.filter((appId) => shards.withEventsOf(appId).some((one) => one.index === index)),
    }
  })
  const walk = walkMany(redis, sets, { after: undefined, minScore, maxScore })
  for (;;) {
    const found = await walk(BATCH)
    for (const shard of searched)
      yield await wantedOf(deps, {
        subscription,
        range,
        shard,
        found: found.filter(({ place }) => place === shard.index),
      })
    if (found.length < BATCH) return
  }
}

type Looked = { subscription: Subscription; range: ReplayRange; shard: MessageShard; found: readonly Found[] }

async function wantedOf({ redis }: SelectionDeps, { subscription, range, shard, found }: Looked): Promise<Selected[]> {
  const described = await describeDeliveries(
    redis,
    found.map(({ member }) => shard.event(member)),
  )
  const wanted = found.flatMap((place, index) => {
    const event = described[index]
    return event && isWanted(event, subscription, range) ? [{ ...place, bytes: event.bytes }] : []
  })
  const selected: Selected[] = []
  // Only what is asked about the event itself makes it necessary to read it.
  const isRead = range.subject !== undefined || subscription.match.data !== undefined
  for (const group of isRead ? inGroups(wanted) : [wanted]) {
    const events = isRead
      ? await readEvents(
          redis,
          group.map(({ member }) => shard.event(member)),
        )
      : []
    for (const [index, { member, score }] of group.entries()) {
      const event = events[index]
      if (isRead && (event === undefined || !matches(event, subscription, range))) continue
      selected.push({ item: { eventId: member, shard: shard.index }, receivedAtMs: score })
    }
  }
  return selected
}

async function readEvents(redis: RedisConnection, keys: readonly string[]): Promise<Array<GatewayEvent | undefined>> {
  const pipeline = redis.pipeline()
  for (const key of keys) pipeline.hget(key, 'event')
  return allSucceeded(await pipeline.exec()).map((text) => (typeof text === 'string' ? parseEvent(text) : undefined))
}

/** By what is known without reading the event. */
function isWanted(
  { type, authorizer, deliveries }: DescribedEvent,
  subscription: Subscription,
  range: ReplayRange,
): boolean {
  if (type === undefined) return false
  const status = deliveries.find((delivery) => delivery.subscription === subscription.name)?.status
  // A test event is for the subscription that it tests, whatever others match.
  if (type === TEST_EVENT && status === undefined) return false
  if (range.onlyUndelivered && (status === 'delivered' || status === 'discarded')) return false
  const match = { ...subscription.match, data: undefined }
  const event = { type, ...(authorizer === undefined ? {} : { authorizerappid: authorizer }) }
  return matchesRange(event, { ...subscription, match }, range)
}

function matches(event: GatewayEvent, subscription: Subscription, range: ReplayRange): boolean {
  return (range.subject === undefined || event.subject === range.subject) && matchesRange(event, subscription, range)
}

/** Within what the subscription matches, also while it is disabled, and within what was asked for. */
function matchesRange(event: MatchedEvent, subscription: Subscription, { types, authorizers }: ReplayRange): boolean {
  const asked = {
    ...subscription,
    enabled: true,
    match: { types: types && [...types], authorizers: authorizers && [...authorizers] },
  }
  return [{ ...subscription, enabled: true }, asked].every((one) => explainMatch(event)(one) === undefined)
}

/** undefined = all. */
function accountsOf({ match }: Subscription, { authorizers }: ReplayRange): string[] | undefined {
  if (match.authorizers === undefined) return authorizers && [...new Set(authorizers)]
  const own = new Set(match.authorizers)
  return [...own].filter((appId) => authorizers?.includes(appId) ?? true)
}

type DeadRange = ReplayRange & { except: ReadonlySet<string> }

/** A delivery fails after its event has come: what failed before the range is not looked at. */
async function* selectDead(
  deps: SelectionDeps,
  subscription: Subscription,
  range: DeadRange,
): AsyncGenerator<Selected[]> {
  const { platform, redis } = deps
  const queue = deliveriesQueue(platform, subscription.name)
  let after: Position | undefined
  for (;;) {
    const places = await readNewestFirst(
      redis,
      { key: queueKey(queue, 'failed'), after, minScore: range.fromMs },
      BATCH,
    )
    const others = places.filter(({ member }) => !range.except.has(eventOfJob(member)))
    const described = await describeHashes(
      redis,
      others.map(({ member }) => queueKey(queue, member)),
      { measured: 'data' },
    )
    const sized = others.map((place, index) => ({ ...place, bytes: described[index]?.bytes ?? 0 }))
    for (const group of inGroups(sized))
      yield await wantedDead(deps, { subscription, range, queue, jobIds: group.map(({ member }) => member) })
    after = places.at(-1)
    if (after === undefined || places.length < BATCH) return
  }
}

type LookedDead = { subscription: Subscription; range: ReplayRange; queue: string; jobIds: readonly string[] }

async function wantedDead(
  { redis }: SelectionDeps,
  { subscription, range, queue, jobIds }: LookedDead,
): Promise<Selected[]> {
  const pipeline = redis.pipeline()
  for (const id of jobIds) pipeline.hget(queueKey(queue, id), 'data')
  const texts = allSucceeded(await pipeline.exec())
  return jobIds.flatMap((deadJobId, index) => {
    const text = texts[index]
    const job = typeof text === 'string' ? parseDelivery(JSON.parse(text)) : undefined
    if (job === undefined || job.receivedAtMs < range.fromMs || job.receivedAtMs > range.toMs) return []
    if (!matches(job.event, subscription, range)) return []
    return [{ item: { eventId: job.event.id, deadJobId }, receivedAtMs: job.receivedAtMs }]
  })
}

/** The id of a delivery is its event's, with the replay's behind a dot. */
function eventOfJob(jobId: string): string {
  const [eventId = jobId] = jobId.split('.')
  return eventId
}
