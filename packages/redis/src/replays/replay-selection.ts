// Owns: selecting the deliveries of a replay from the event log, and from dead letters whose events have expired there.
import {
  explainMatch,
  type GatewayEvent,
  type MatchedEvent,
  parserOf,
  DeliveryJobSchema,
  type DeliveryStatus,
  type Subscription,
} from '@wxgw/contracts'
import { failedJobs } from '../bullmq-format/failed-jobs.ts'
import { jobPlaces } from '../bullmq-format/job-places.ts'
import type { RedisConnection } from '../connect.ts'
import { describeDeliveries, type DescribedEvent } from '../event-log/delivery-states.ts'
import { jobField, parseEvent } from '../event-log/logged-event.ts'
import { deliveriesQueue } from '../keys.ts'
import { inGroups } from '../paging/describe-hashes.ts'
import type { Found, Position } from '../paging/newest-first.ts'
import { walkMany } from '../paging/newest-of-many.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { allSucceeded } from '../store-errors.ts'
import type { ReplayItem, ReplayRange } from './replay-record.ts'

export type Selected = { item: ReplayItem; receivedAtMs: number }

export type SelectionDeps = { platform: string; redis: RedisConnection; shards: MessageShards }

const BATCH = 250
const TEST_EVENT = 'gateway.subscription.test'

const parseDelivery = parserOf(DeliveryJobSchema)

/** Each delivery once, in batches. */
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

type FoundInShard = { subscription: Subscription; range: ReplayRange; shard: MessageShard; found: readonly Found[] }

type Candidate = Found & { bytes: number; isPending: boolean }

async function wantedOf(deps: SelectionDeps, inShard: FoundInShard): Promise<Selected[]> {
  const { subscription, range, shard, found } = inShard
  const keys = found.map(({ member }) => shard.event(member))
  const described = await describeDeliveries(deps.redis, keys)
  const candidates = found.flatMap((place, index): Candidate[] => {
    const event = described[index]
    if (!event || !isWanted(event, subscription, range)) return []
    return [{ ...place, bytes: event.bytes, isPending: statusIn(event, subscription) === 'pending' }]
  })
  const wanted = await withMatchingContent(deps, inShard, await withoutQueued(deps, inShard, candidates))
  return wanted.map(({ member, score }) => ({ item: { eventId: member, shard: shard.index }, receivedAtMs: score }))
}

/** A pending delivery with a job is left out: the job delivers it, and a replay would deliver it twice. */
async function withoutQueued(
  { platform, redis }: SelectionDeps,
  { subscription, shard }: FoundInShard,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const pending = candidates.filter(({ isPending }) => isPending)
  if (pending.length === 0) return candidates
  const reading = redis.pipeline()
  for (const { member } of pending) reading.hget(shard.event(member), jobField(subscription.name))
  const jobs = allSucceeded(await reading.exec())
  const queue = deliveriesQueue(platform, subscription.name)
  const jobIds = pending.map(({ member }, index) => {
    const known = jobs[index]
    return typeof known === 'string' ? known : member
  })
  const places = await jobPlaces(redis, queue, jobIds)
  const queued = new Set(pending.filter((_, index) => places[index] === 'queued'))
  return candidates.filter((candidate) => !queued.has(candidate))
}

/** The event is read only when a filter needs it. */
async function withMatchingContent(
  { redis }: SelectionDeps,
  { subscription, range, shard }: FoundInShard,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  if (range.subject === undefined && subscription.match.data === undefined) return candidates
  const matching: Candidate[] = []
  for (const group of inGroups(candidates)) {
    const pipeline = redis.pipeline()
    for (const { member } of group) pipeline.hget(shard.event(member), 'event')
    const texts = allSucceeded(await pipeline.exec())
    const isMatch = (text: unknown) => typeof text === 'string' && matches(parseEvent(text), subscription, range)
    matching.push(...group.filter((_, index) => isMatch(texts[index])))
  }
  return matching
}

function statusIn({ deliveries }: DescribedEvent, { name }: Subscription): DeliveryStatus | undefined {
  return deliveries.find(({ subscription }) => subscription === name)?.status
}

/** Filters without reading the event. */
function isWanted(described: DescribedEvent, subscription: Subscription, range: ReplayRange): boolean {
  const { type, authorizer } = described
  if (type === undefined) return false
  const status = statusIn(described, subscription)
  // A test event belongs only to the subscription that it tests.
  if (type === TEST_EVENT && status === undefined) return false
  if (range.onlyUndelivered && (status === 'delivered' || status === 'discarded')) return false
  const match = { ...subscription.match, data: undefined }
  const event = { type, ...(authorizer === undefined ? {} : { authorizerappid: authorizer }) }
  return matchesRange(event, { ...subscription, match }, range)
}

function matches(event: GatewayEvent, subscription: Subscription, range: ReplayRange): boolean {
  return (range.subject === undefined || event.subject === range.subject) && matchesRange(event, subscription, range)
}

/** Whether the subscription matches the event, even while disabled, and the filter includes it. */
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

/** A delivery fails after the arrival of its event, so dead letters that failed before the range are skipped. */
async function* selectDead(
  deps: SelectionDeps,
  subscription: Subscription,
  range: DeadRange,
): AsyncGenerator<Selected[]> {
  const { platform, redis } = deps
  const failed = failedJobs(redis, deliveriesQueue(platform, subscription.name))
  let after: Position | undefined
  for (;;) {
    const places = await failed.page({ after, fromMs: range.fromMs }, BATCH)
    const others = places.filter(({ member }) => !range.except.has(eventOfJob(member)))
    for (const group of inGroups(await failed.withSizes(others))) {
      const jobIds = group.map(({ member }) => member)
      yield wantedDead(await failed.dataOf(jobIds), { subscription, range, jobIds })
    }
    after = places.at(-1)
    if (after === undefined || places.length < BATCH) return
  }
}

type Dead = { subscription: Subscription; range: ReplayRange; jobIds: readonly string[] }

function wantedDead(data: ReadonlyArray<string | undefined>, { subscription, range, jobIds }: Dead): Selected[] {
  return jobIds.flatMap((deadJobId, index) => {
    const text = data[index]
    const job = text === undefined ? undefined : parseDelivery(JSON.parse(text))
    if (job === undefined || job.receivedAtMs < range.fromMs || job.receivedAtMs > range.toMs) return []
    if (!matches(job.event, subscription, range)) return []
    return [{ item: { eventId: job.event.id, deadJobId }, receivedAtMs: job.receivedAtMs }]
  })
}

/** The id of a delivery is the id of its event, followed by `.` and the id of the replay, if there is one. */
function eventOfJob(jobId: string): string {
  const [eventId = jobId] = jobId.split('.')
  return eventId
}
