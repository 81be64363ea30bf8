// Owns: writing the event log: what is recorded at the same moment goes to Redis in one step.
import { createBatches } from '../batches.ts'
import { isFormatKnown } from '../bullmq-format/format-version.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import type { DeliveryChange, EventLog, EventLogDeps } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { MOST_DELIVERIES, type NewEvent, recordArguments } from './record-arguments.ts'
import { createScriptReach } from './script-reach.ts'
import { formatState } from './logged-event.ts'

export type EventWriter = Pick<EventLog, 'record' | 'deliveryChanged'>

type Change = { eventId: string; subscription: string; change: DeliveryChange }

/** All keys of a platform's log share a hash tag, so that everything may go together. */
const TOGETHER = ''
const PENDING = formatState({ status: 'pending', attempts: 0, lastError: null, deliveredAt: null })

/** Rejects with STORE_UNAVAILABLE. Both scripts are safe to repeat. */
export function createEventWriter({
  redis,
  keys,
  queues,
  eventLogSeconds,
  maxEvents,
  version,
}: EventLogDeps & { maxEvents: number }): EventWriter {
  const reach = createScriptReach(redis, keys.events)
  const mayAdd = isFormatKnown(version)
  const directQueue = (name: string) => (queues && mayAdd && reach.reaches(name) ? queues.open(name) : undefined)

  const records = createBatches<NewEvent, readonly string[]>({
    weight: { of: ({ direct }) => direct.length, most: MOST_DELIVERIES },
    write: async (_, events) => {
      const delivered = formatState({ status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date().toISOString() })
      const head = [eventLogSeconds, maxEvents, keys.event(''), PENDING, delivered, Date.now()]
      const layout = {
        head,
        index: keys.events,
        unsettled: keys.unsettled,
        indexOf: keys.eventsOfAuthorizer,
        reaches: reach.reaches,
        directQueue,
      }
      const answers = await runScript(redis, recordEvents, recordArguments(layout, events))
      return Array.isArray(answers) ? answers.map((served) => (Array.isArray(served) ? served.map(String) : [])) : []
    },
  })

  const changes = createBatches<Change, true>({
    write: async (_, changed) => {
      const about = changed.flatMap(({ eventId, subscription, change }) => {
        const { status, attempts, lastError, deliveredAtMs, jobId } = change
        const deliveredAt = deliveredAtMs === undefined ? null : new Date(deliveredAtMs).toISOString()
        const state = formatState({ status, attempts, lastError: lastError ?? null, deliveredAt })
        return [eventId, subscription, state, status, attempts, jobId ?? '']
      })
      await runScript(redis, changeDeliveries, {
        keys: [keys.unsettled, ...changed.map(({ eventId }) => keys.event(eventId))],
        args: [Date.now(), eventLogSeconds, ...about],
      })
      return changed.map(() => true)
    },
  })

  return {
    record: (event, receivedAtMs, subscriptions, { body = JSON.stringify(event), direct = [] } = {}) =>
      guardStore(() => records.add(TOGETHER, { event, body, receivedAtMs, subscriptions, direct })),
    deliveryChanged: (eventId, subscription, change) =>
      guardStore(async () => void (await changes.add(TOGETHER, { eventId, subscription, change }))),
  }
}
