// Owns: the pending deliveries of the event log, and the states of their jobs. The worker repairs differences between
// the two (reconcile-deliveries.ts).
import type { DeliveryStatus, GatewayEvent } from '@wxgw/contracts'
import { NO_REASON } from '../bullmq-format/failed-jobs.ts'
import { jobPlaces, readFailure } from '../bullmq-format/job-places.ts'
import type { RedisConnection } from '../connect.ts'
import { parseDeadDelivery } from '../dead-letters/dead-delivery.ts'
import { deliveriesQueue } from '../keys.ts'
import type { MessageShard, MessageShards } from '../shards/message-shards.ts'
import { allSucceeded, guardStore } from '../store-errors.ts'
import { deliveryField, jobField, parseEvent, parseState } from './logged-event.ts'

export type UnsettledDelivery = {
  eventId: string
  subscription: string
  /** undefined: the event has expired from the log, or this delivery was never recorded. */
  logged: { event: GatewayEvent; receivedAtMs: number; status: DeliveryStatus; jobId: string } | undefined
}

/** `queued`: its job waits or runs. `dead`: it is a dead letter. `gone`: there is no job. */
export type DeliveryPlace =
  | { kind: 'queued' }
  | { kind: 'dead'; attempts: number; lastError: string }
  | { kind: 'gone' }

type UnsettledPage = { items: UnsettledDelivery[]; next: string | undefined }

export type UnsettledDeliveries = {
  /** One per shard of the log. Throws STORE_UNAVAILABLE until the number of shards is known. */
  shards(): readonly UnsettledOfShard[]
  placeOf(delivery: { subscription: string; jobId: string }): Promise<DeliveryPlace>
}

export type UnsettledOfShard = {
  /**
   * Deliveries that have been pending since `untilMs` or earlier, oldest first. `after`: the `next` of the previous
   * page.
   */
  page(options: { untilMs: number; limit: number; after?: string | undefined }): Promise<UnsettledPage>
  /** Removes a delivery that is not pending any more. */
  settled(delivery: { eventId: string; subscription: string }): Promise<void>
  /** True for one process in 50 s. */
  claimPass(): Promise<boolean>
}

type UnsettledDeps = {
  platform: string
  redis: RedisConnection
  shards: Pick<MessageShards, 'all'>
}

/** Less than the minute between two passes. */
const CLAIM_SECONDS = 50

/** Rejects with STORE_UNAVAILABLE. */
export function createUnsettledDeliveries({ platform, redis, shards }: UnsettledDeps): UnsettledDeliveries {
  return {
    shards: () => shards.all().map((shard) => unsettledOf(redis, shard)),

    placeOf: ({ subscription, jobId }) =>
      guardStore(async () => {
        const queue = deliveriesQueue(platform, subscription)
        const [place] = await jobPlaces(redis, queue, [jobId])
        if (place !== 'failed') return { kind: place ?? 'gone' }
        const { attemptsMade, reason = NO_REASON, data } = await readFailure(redis, queue, jobId)
        const { attempts = attemptsMade } = parseDeadDelivery(data)
        return { kind: 'dead', attempts, lastError: reason }
      }),
  }
}

function unsettledOf(
  redis: RedisConnection,
  keys: Pick<MessageShard, 'event' | 'unsettled' | 'settling'>,
): UnsettledOfShard {
  async function load(members: readonly string[]): Promise<UnsettledDelivery[]> {
    if (members.length === 0) return []
    const deliveries = members.map(parseMember)
    const pipeline = redis.pipeline()
    for (const { eventId, subscription } of deliveries) {
      pipeline.hmget(keys.event(eventId), 'event', 'receivedAtMs', deliveryField(subscription), jobField(subscription))
    }
    const answers = allSucceeded(await pipeline.exec())
    return deliveries.map((delivery, index) => ({ ...delivery, logged: parseLogged(delivery.eventId, answers[index]) }))
  }

  return {
    page: ({ untilMs, limit, after }) =>
      guardStore(async () => {
        const [score, offset] = after === undefined ? ['-inf', 0] : parsePosition(after)
        const flat = await redis.zrangebyscore(keys.unsettled, score, untilMs, 'WITHSCORES', 'LIMIT', offset, limit)
        const members = flat.filter((_, index) => index % 2 === 0)
        const scores = flat.filter((_, index) => index % 2 === 1)
        return {
          items: await load(members),
          next: members.length < limit ? undefined : positionAfter({ score, offset }, scores),
        }
      }),

    settled: ({ eventId, subscription }) =>
      guardStore(async () => void (await redis.zrem(keys.unsettled, `${eventId} ${subscription}`))),

    claimPass: () => guardStore(async () => (await redis.set(keys.settling, '1', 'EX', CLAIM_SECONDS, 'NX')) === 'OK'),
  }
}

/** The separator is a blank, which neither an event's id nor a subscription's name contains. */
function parseMember(member: string): { eventId: string; subscription: string } {
  const separator = member.lastIndexOf(' ')
  return { eventId: member.slice(0, separator), subscription: member.slice(separator + 1) }
}

function parseLogged(eventId: string, answer: unknown): UnsettledDelivery['logged'] {
  if (!Array.isArray(answer)) return undefined
  const [event, receivedAtMs, state, jobId] = answer.map((value) => (typeof value === 'string' ? value : undefined))
  if (event === undefined || state === undefined) return undefined
  const { status } = parseState(state)
  return { event: parseEvent(event), receivedAtMs: Number(receivedAtMs), status, jobId: jobId ?? eventId }
}

/**
 * Entries that are removed during a pass shift the offset, so a page may skip entries of the same millisecond. The next
 * pass reads them.
 */
function positionAfter(before: { score: string | number; offset: number }, scores: readonly string[]): string {
  const last = scores.at(-1) ?? '0'
  const sameMillisecond = scores.filter((score) => score === last).length
  const offset = String(before.score) === last ? before.offset + sameMillisecond : sameMillisecond
  return `${last} ${offset}`
}

function parsePosition(position: string): [score: string, offset: number] {
  const [score = '-inf', offset = '0'] = position.split(' ')
  return [score, Number(offset)]
}
