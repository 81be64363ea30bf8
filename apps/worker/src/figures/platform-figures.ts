// Owns: the figures of one platform that are read from Redis, and reading them.
import type { Subscription } from '@wxgw/contracts'
import type { Platform } from '@wxgw/platform'
import {
  deliveriesQueue,
  isRightMissing,
  isStoreFailure,
  type QueueCounts,
  readQueueCounts,
  type RedisConnection,
  storeError,
} from '@wxgw/redis'
import { MAX_SUBSCRIPTION_LABELS, OTHER_LABEL } from '@wxgw/runtime'
import { isStoreAway } from '@wxgw/wechat-core'

/** `stream`: how many entries it has. `consumer`: the queue of a `queue` sink. */
export type SubscriptionFigures = { deliveries: QueueCounts; consumer?: QueueCounts; stream?: number }

export const SUBSCRIPTION_STATES = ['enabled', 'paused', 'disabled', 'failing'] as const
export type SubscriptionState = (typeof SUBSCRIPTION_STATES)[number]

export type PlatformFigures = {
  v: 1
  ticketReceivedAtMs: number | null
  authorizers: number
  due: number
  pausedBy: string | null
  logWholeFromMs: number | null
  isLogFull: boolean
  states: Record<SubscriptionState, number>
  subscriptions: Array<SubscriptionFigures & { name: string }>
}

/** What the figures are read from. */
export type MeasuredPlatform = {
  id: string
  tickets: Pick<Platform['tickets'], 'status'>
  schedule: Pick<Platform['schedule'], 'figures'>
  subscriptions: Pick<Platform['subscriptions'], 'all'>
  events: Pick<Platform['events'], 'reach'>
}

type GatherDeps = {
  platform: MeasuredPlatform
  redis: RedisConnection
  /** The subscriptions whose breaker is not closed. */
  failing(): Promise<readonly string[]>
}

/** Subscriptions that are read at once, with six commands each. */
const AT_ONCE = 25
/** Of a platform with more subscriptions, the last by name are not read. */
const MAX_READ = 3_000

/** Rejects with STORE_UNAVAILABLE. */
export async function gatherPlatformFigures({ platform, redis, failing }: GatherDeps): Promise<PlatformFigures> {
  const [ticket, schedule, reach, all, failingNames] = await Promise.all([
    platform.tickets.status(),
    platform.schedule.figures(),
    platform.events.reach(),
    platform.subscriptions.all(),
    failing(),
  ])
  return {
    v: 1,
    ticketReceivedAtMs: ticket?.receivedAtMs ?? null,
    ...{ authorizers: schedule.authorizers, due: schedule.due, pausedBy: schedule.pausedBy ?? null },
    ...{ logWholeFromMs: reach?.wholeFromMs ?? null, isLogFull: reach?.isFull ?? false },
    states: countStates(all, new Set(failingNames)),
    subscriptions: await gatherSubscriptions(platform.id, redis, all),
  }
}

function countStates(all: readonly Subscription[], failing: ReadonlySet<string>): PlatformFigures['states'] {
  const states = { enabled: 0, paused: 0, disabled: 0, failing: 0 }
  for (const { name, enabled, paused } of all) {
    const state = !enabled ? 'disabled' : paused ? 'paused' : failing.has(name) ? 'failing' : 'enabled'
    states[state] += 1
  }
  return states
}

async function gatherSubscriptions(
  platform: string,
  redis: RedisConnection,
  all: readonly Subscription[],
): Promise<PlatformFigures['subscriptions']> {
  const read = all.slice(0, MAX_READ)
  const gathered: PlatformFigures['subscriptions'] = []
  for (let first = 0; first < read.length; first += AT_ONCE) {
    const some = read.slice(first, first + AT_ONCE)
    gathered.push(...(await Promise.all(some.map((one) => gatherSubscription(platform, redis, one)))))
  }
  const [own, others] = [gathered.slice(0, MAX_SUBSCRIPTION_LABELS), gathered.slice(MAX_SUBSCRIPTION_LABELS)]
  return others.length === 0 ? own : [...own, { ...others.reduce<SubscriptionFigures>(both, NONE), name: OTHER_LABEL }]
}

async function gatherSubscription(
  platform: string,
  redis: RedisConnection,
  { name, sink }: Subscription,
): Promise<SubscriptionFigures & { name: string }> {
  const [deliveries = NONE.deliveries, consumer, stream] = await Promise.all([
    unlessUnreadable(readQueueCounts(redis, deliveriesQueue(platform, name))),
    sink.kind === 'queue' ? unlessUnreadable(readQueueCounts(redis, sink.queue)) : undefined,
    sink.kind === 'stream' ? unlessUnreadable(redis.xlen(sink.stream)) : undefined,
  ])
  return {
    name,
    deliveries,
    ...(consumer === undefined ? {} : { consumer }),
    ...(stream === undefined ? {} : { stream }),
  }
}

/**
 * A consumer may have written anything into its keys, and a right to them may be missing. What cannot be read is left
 * out, and all else is still read.
 */
async function unlessUnreadable<Answer>(reading: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await reading
  } catch (error) {
    if (isRightMissing(error) || (isStoreFailure(error) && !isStoreAway(storeError(error)))) return undefined
    throw error
  }
}

function both(left: SubscriptionFigures, right: SubscriptionFigures): SubscriptionFigures {
  const stream = (left.stream ?? 0) + (right.stream ?? 0)
  const consumer = sum(left.consumer, right.consumer)
  const deliveries = sum(left.deliveries, right.deliveries) ?? left.deliveries
  return { deliveries, ...(consumer === undefined ? {} : { consumer }), ...(stream === 0 ? {} : { stream }) }
}

const NONE: SubscriptionFigures = {
  deliveries: { waiting: 0, oldestWaitingMs: null, longestDueMs: null, inFlight: 0, deadLetters: 0 },
}

function sum(left: QueueCounts | undefined, right: QueueCounts | undefined): QueueCounts | undefined {
  if (left === undefined || right === undefined) return left ?? right
  return {
    waiting: left.waiting + right.waiting,
    inFlight: left.inFlight + right.inFlight,
    deadLetters: left.deadLetters + right.deadLetters,
    oldestWaitingMs: longer(left.oldestWaitingMs, right.oldestWaitingMs),
    longestDueMs: longer(left.longestDueMs, right.longestDueMs),
  }
}

function longer(left: number | null, right: number | null): number | null {
  return left === null || right === null ? (left ?? right) : Math.max(left, right)
}

/** undefined: another version wrote it. Only this file writes it. */
export function parsePlatformFigures(json: unknown): PlatformFigures | undefined {
  return typeof json === 'object' && json !== null && 'v' in json && json.v === 1
    ? (json as PlatformFigures)
    : undefined
}
