// Owns: writing the event log. Concurrent records are one step. The step's writes to consumers are in
// consumers/recorded-writes.ts.
import { createBatches } from '../batches.ts'
import { createRecordedWrites } from '../consumers/recorded-writes.ts'
import { NO_OUTAGES } from '../replication/master-outages.ts'
import type { EventPlace, MessageShard } from '../shards/message-shards.ts'
import { guardStore, isRightMissing } from '../store-errors.ts'
import type { DeliveryChange, EventLog, EventLogDeps, EventToRecord } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { type NewEvent, recordLists } from './record-arguments.ts'
import { RECORD_WEIGHT, type Recorded, recordInOrder } from './record-in-order.ts'
import { attemptInState, formatAttempt, workerName } from './attempts.ts'
import { formatState } from './logged-event.ts'
import { userIndex } from './user-index.ts'

type EventWriter = Pick<EventLog, 'record' | 'recordInOrder' | 'deliveryChanged'>

type Change = { event: EventPlace; subscription: string; change: DeliveryChange }

const PENDING = formatState({ status: 'pending', attempts: 0, lastError: null, deliveredAt: null })

/** Rejects with STORE_UNAVAILABLE. Both scripts are safe to repeat. */
export function createEventWriter({
  redis,
  shards,
  outages = NO_OUTAGES,
  queues,
  eventLogSeconds,
  maxEvents,
  version,
}: EventLogDeps & { maxEvents: number }): EventWriter {
  const worker = workerName()
  const consumers = createRecordedWrites({ redis, queues, version })

  /**
   * Redis refuses the whole step when a right to one of its keys is missing. Then it is made without the writes to
   * consumers: their sinks make them, each by itself.
   */
  async function recordTogether(shard: MessageShard, events: readonly NewEvent[]): Promise<Recorded[]> {
    try {
      return await recordStep(shard, events)
    } catch (error) {
      const writes = events.flatMap((one) => one.writes)
      if (writes.length === 0 || !isRightMissing(error)) throw error
      consumers.doubt(shard.events, writes)
      return recordStep(
        shard,
        events.map((one) => ({ ...one, writes: [] })),
      )
    }
  }

  async function recordStep(shard: MessageShard, events: readonly NewEvent[]): Promise<Recorded[]> {
    const delivered = formatState(
      { status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date().toISOString() },
      { worker },
    )
    const layout = { all: shard.events, users: userIndex(shards.all().length), consumers }
    const written = {
      all: shard.events,
      unsettled: shard.unsettled,
      feed: shard.feed,
      feedEnd: shard.feedEnd,
      usersFrom: shard.usersKnownFrom,
      life: eventLogSeconds,
      maxEvents: Math.ceil(maxEvents / shards.all().length),
      eventPrefix: shard.event(''),
      claimPrefix: shard.arrival(''),
      authorizerPrefix: shard.eventsOfAuthorizer(''),
      usersPrefix: shard.eventsOfUsers(''),
      pending: PENDING,
      delivered,
      timestamp: Date.now(),
      undeliveredPrefix: shard.undelivered(''),
      attemptsPrefix: shard.attempts(''),
      ...recordLists(layout, events),
    }
    const answers = await outages.run(shard.events, () => recordEvents(redis, written))
    return Array.isArray(answers)
      ? answers.map((served) => (Array.isArray(served) ? served.map(String) : 'claimed'))
      : []
  }

  const records = createBatches<NewEvent, Recorded>({
    weight: RECORD_WEIGHT,
    write: (at, events) => recordTogether(shards.at(Number(at)), events),
  })

  const changes = createBatches<Change, 'written' | 'unknown'>({
    write: async (at, changed) => {
      const shard = shards.at(Number(at))
      const each = changed.map(({ event, subscription, change }) => {
        const { status, attempts, lastError, deliveredAtMs, jobId, made } = change
        const deliveredAt = deliveredAtMs === undefined ? null : new Date(deliveredAtMs).toISOString()
        const inState = made && attemptInState(made, worker)
        return {
          key: shard.event(event.id),
          id: event.id,
          name: subscription,
          newState: formatState({ status, attempts, lastError: lastError ?? null, deliveredAt }, inState),
          status,
          attempts,
          jobId: jobId ?? '',
          newAttempt: made && inState === undefined ? formatAttempt(made, worker) : '',
        }
      })
      const unknown = await changeDeliveries(redis, {
        unsettled: shard.unsettled,
        nowMs: Date.now(),
        life: eventLogSeconds,
        undeliveredPrefix: shard.undelivered(''),
        attemptsPrefix: shard.attempts(''),
        each,
      })
      const places = new Set(Array.isArray(unknown) ? unknown.map(Number) : [])
      return changed.map((_, index) => (places.has(index) ? 'unknown' : 'written'))
    },
  })

  async function change(changed: Change): Promise<void> {
    const own = shards.ofAccount(changed.event.authorizerappid)
    if ((await changes.add(placeOf(own), changed)) === 'written') return
    const before = shards.before(own)
    if (before !== undefined) await changes.add(placeOf(before), changed)
  }

  return {
    // oxlint-disable-next-line max-params -- the fourth is the options
    record: (event, receivedAtMs, subscriptions, options = {}) =>
      guardStore(async () => {
        const shard = shards.ofAccount(event.authorizerappid)
        const served = await records.add(placeOf(shard), newEvent({ event, receivedAtMs, subscriptions, options }))
        return served === 'claimed' ? undefined : served
      }),
    recordInOrder: (events) =>
      guardStore(() => {
        const [first] = events
        const shard = shards.ofAccount(first?.event.authorizerappid)
        return recordInOrder(events.map(newEvent), (step) => recordTogether(shard, step))
      }),
    deliveryChanged: (event, subscription, changed) =>
      guardStore(() => change({ event, subscription, change: changed })),
  }
}

function newEvent({ event, receivedAtMs, subscriptions, options }: EventToRecord): NewEvent {
  const { body = JSON.stringify(event), writes = [], claim } = options
  return { event, body, receivedAtMs, subscriptions, writes, claim }
}

/** Events for the same shard share a batch. */
function placeOf({ index }: MessageShard): string {
  return String(index)
}
