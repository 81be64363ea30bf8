// Owns: writing the event log: what is recorded at the same moment goes to Redis in one step.
import { createBatches } from '../batches.ts'
import { isFormatKnown } from '../bullmq-format/format-version.ts'
import { ALWAYS_ASKED } from '../replication/master-outages.ts'
import { runScript } from '../script.ts'
import type { EventPlace, MessageShard } from '../shards/message-shards.ts'
import { guardStore } from '../store-errors.ts'
import type { DeliveryChange, EventLog, EventLogDeps } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { MOST_DELIVERIES, type NewEvent, recordArguments } from './record-arguments.ts'
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
      const head = [eventLogSeconds, most, shard.event(''), PENDING, delivered, Date.now(), shard.undelivered(''), shard.attempts('')]
      const layout = {
        head,
        index: shard.events,
        unsettled: shard.unsettled,
        feed: shard.feed,
        feedEnd: shard.feedEnd,
        usersKnownFrom: shard.usersKnownFrom,
        indexOf: shard.eventsOfAuthorizer,
        users: userIndex(shard, shards.all().length),
        reaches: reach.reaches,
        directQueue: (name: string) => (queues && mayAdd && reach.reaches(name) ? queues.open(name) : undefined),
      }
      const written = recordArguments(layout, events)
      const answers = await outages.ask(shard.events, () => runScript(redis, recordEvents, written))
      return Array.isArray(answers) ? answers.map((served) => (Array.isArray(served) ? served.map(String) : 'claimed')) : []
    },
  })

  const changes = createBatches<Change, 'written' | 'unknown'>({
    write: async (at, changed) => {
      const shard = shardAt(at)
      const about = changed.flatMap(({ event, subscription, change }) => {
        const { status, attempts, lastError, deliveredAtMs, jobId, made } = change
        const deliveredAt = deliveredAtMs === undefined ? null : new Date(deliveredAtMs).toISOString()
        const inState = made && attemptInState(made, worker)
        const state = formatState({ status, attempts, lastError: lastError ?? null, deliveredAt }, inState)
        const beside = made && inState === undefined ? formatAttempt(made, worker) : ''
        return [event.id, subscription, state, status, attempts, jobId ?? '', beside]
      })
      const unknown = await runScript(redis, changeDeliveries, {
        keys: [shard.unsettled, ...changed.map(({ event }) => shard.event(event.id))],
        args: [Date.now(), eventLogSeconds, shard.undelivered(''), shard.attempts(''), ...about],
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
