// Owns: writing the event log: what is recorded at the same moment goes to Redis in one step.
import { createBatches, isAway } from '../batches.ts'
import { FORMAT_OF_BULLMQ } from '../queues/add-jobs-script.ts'
import { installedVersion } from '../queues/job-batches.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import type { DeliveryChange, EventLog, EventLogDeps } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { type NewEvent, recordArguments } from './record-arguments.ts'
import { deliveryField, formatState } from './logged-event.ts'

export type EventWriter = Pick<EventLog, 'record' | 'deliveryChanged'>

type Change = { eventId: string; subscription: string; change: DeliveryChange }

/** All keys of a platform's log share a hash tag, so that everything may go together. */
const TOGETHER = ''
const PENDING = formatState({ status: 'pending', attempts: 0, lastError: null, deliveredAt: null })

/** Rejects with STORE_UNAVAILABLE. Both scripts are safe to repeat. */
export function createEventWriter({ redis, keys, queues, eventLogSeconds, maxEvents }: EventLogDeps & { maxEvents: number }): EventWriter {
  let openQueue = installedVersion() === FORMAT_OF_BULLMQ ? queues?.open : undefined

  function record(events: readonly NewEvent[], open: typeof openQueue): Promise<unknown> {
    const delivered = formatState({ status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date().toISOString() })
    const head = [eventLogSeconds, maxEvents, keys.event(''), PENDING, delivered, Date.now()]
    return runScript(redis, recordEvents, recordArguments({ head, index: keys.events, indexOf: keys.eventsOfAuthorizer, open }, events))
  }

  /** A Redis in parts, be it behind a proxy, takes no script over keys of the log and of a queue. */
  async function recordWithoutQueues(events: readonly NewEvent[], error: unknown): Promise<unknown> {
    if (openQueue === undefined || isAway(error)) throw error
    const answers = await record(events, undefined)
    openQueue = undefined
    return answers
  }

  const records = createBatches<NewEvent, readonly string[]>({
    write: async (_, events) => {
      const answers = await record(events, openQueue).catch((error: unknown) => recordWithoutQueues(events, error))
      return Array.isArray(answers) ? answers.map((served) => (Array.isArray(served) ? served.map(String) : [])) : []
    },
  })

  const changes = createBatches<Change, true>({
    write: async (_, changed) => {
      const args = changed.flatMap(({ subscription, change: { status, attempts, lastError, deliveredAtMs } }) => {
        const deliveredAt = deliveredAtMs === undefined ? null : new Date(deliveredAtMs).toISOString()
        return [deliveryField(subscription), formatState({ status, attempts, lastError: lastError ?? null, deliveredAt }), status, attempts]
      })
      await runScript(redis, changeDeliveries, { keys: changed.map(({ eventId }) => keys.event(eventId)), args })
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
