// Owns: writing the event log: what is recorded at the same moment goes to Redis in one step.
import { createBatches } from '../batches.ts'
import { isFormatKnown } from '../bullmq-format/format-version.ts'
import { ALWAYS_ASKED } from '../replication/master-outages.ts'
import type { EventPlace, MessageShard } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import type { DeliveryChange, EventLog, EventLogDeps } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { MOST_DELIVERIES, type NewEvent, recordLists } from './record-arguments.ts'
import { createScriptReach, type ScriptReach } from './script-reach.ts'
import { attemptInState, formatAttempt, workerName } from './attempts.ts'
import { formatState } from './logged-event.ts'
import { userIndex } from './user-index.ts'

export type EventWriter = Pick<EventLog, 'record' | 'deliveryChanged'>

type Change = { event: EventPlace; subscription: string; change: DeliveryChange }

const PENDING = formatState({ status: 'pending', attempts: 0, lastError: null, deliveredAt: null })

/** Rejects with STORE_UNAVAILABLE. Both scripts are safe to repeat. */
export function createEventWriter({
  redis,
  shards,
  outages = ALWAYS_ASKED,
  queues,
  eventLogSeconds,
  maxEvents,
  version,
}: EventLogDeps & { maxEvents: number }): EventWriter {
  const worker = workerName()
  const mayAdd = isFormatKnown(version)
  const reaches = new Map<number, ScriptReach>()

  function reachOf({ index, events }: MessageShard): ScriptReach {
    const reach = reaches.get(index) ?? createScriptReach(redis, events)
    reaches.set(index, reach)
    return reach
  }

  const records = createBatches<NewEvent, readonly string[] | 'claimed'>({
    weight: { of: ({ direct }) => direct.length, most: MOST_DELIVERIES },
    write: async (at, events) => {
      const shard = shardAt(at)
      const reach = reachOf(shard)
      const delivered = formatState({ status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date().toISOString() }, { worker })
      const most = Math.ceil(maxEvents / shards.all().length)
      const layout = {
        indexOf: shard.eventsOfAuthorizer,
        users: userIndex(shard, shards.all().length),
        reaches: reach.reaches,
        directQueue: (name: string) => (queues && mayAdd && reach.reaches(name) ? queues.open(name) : undefined),
      }
      const written = {
        all: shard.events,
        unsettled: shard.unsettled,
        feed: shard.feed,
        feedEnd: shard.feedEnd,
        usersFrom: shard.usersKnownFrom,
        life: eventLogSeconds,
        most,
        eventPrefix: shard.event(''),
        pending: PENDING,
        delivered,
        timestamp: Date.now(),
        undeliveredPrefix: shard.undelivered(''),
        attemptsPrefix: shard.attempts(''),
        ...recordLists(layout, events),
      }
      const answers = await outages.ask(shard.events, () => recordEvents(redis, written))
      return Array.isArray(answers) ? answers.map((served) => (Array.isArray(served) ? served.map(String) : 'claimed')) : []
    },
  })

  const changes = createBatches<Change, 'written' | 'unknown'>({
    write: async (at, changed) => {
      const shard = shardAt(at)
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

  function shardAt(place: string): MessageShard {
    const shard = shards.all()[Number(place)]
    if (shard === undefined) throw new Error(`there is no shard ${place}`)
    return shard
  }

  async function change(changed: Change): Promise<void> {
    const own = shards.ofAccount(changed.event.authorizerappid)
    if ((await changes.add(placeOf(own), changed)) === 'written') return
    const before = shards.before(own)
    if (before !== undefined) await changes.add(placeOf(before), changed)
  }

  return {
    // oxlint-disable-next-line max-params -- the fourth is the options
    record: (event, receivedAtMs, subscriptions, { body = JSON.stringify(event), direct = [], claim } = {}) =>
      guardStore(async () => {
        const shard = shards.ofAccount(event.authorizerappid)
        const served = await records.add(placeOf(shard), { event, body, receivedAtMs, subscriptions, direct, claim })
        return served === 'claimed' ? undefined : served
      }),
    deliveryChanged: (event, subscription, changed) => guardStore(() => change({ event, subscription, change: changed })),
  }
}

/** What goes to one shard at the same moment goes there together. */
function placeOf({ index }: MessageShard): string {
  return String(index)
}
