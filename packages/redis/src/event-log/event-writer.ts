// Owns: writing the event log: what is recorded at the same moment goes to Redis in one step.
import type { GatewayEvent } from '@wxgw/contracts'
import { createBatches } from '../batches.ts'
import { runScript } from '../script.ts'
import { guardStore } from '../store-errors.ts'
import type { DeliveryChange, DirectStream, EventLog, EventLogDeps } from './event-log.ts'
import { changeDeliveries, recordEvents } from './event-scripts.ts'
import { deliveryField, formatState } from './logged-event.ts'

export type EventWriter = Pick<EventLog, 'record' | 'deliveryChanged'>

type NewEvent = {
  event: GatewayEvent
  body: string
  receivedAtMs: number
  subscriptions: readonly string[]
  streams: readonly DirectStream[]
}
type Change = { eventId: string; subscription: string; change: DeliveryChange }

/** All keys of a platform's log share a hash tag, so that everything may go together. */
const TOGETHER = ''
const PENDING = formatState({ status: 'pending', attempts: 0, lastError: null, deliveredAt: null })

/** Rejects with STORE_UNAVAILABLE. Both scripts are safe to repeat. */
export function createEventWriter({ redis, keys, eventLogSeconds, maxEvents }: Required<EventLogDeps>): EventWriter {
  const records = createBatches<NewEvent, readonly string[]>({
    write: async (_, events) => {
      const all = [keys.events]
      const places = new Map<string, number>()
      const placeOf = (key: string) => {
        const known = places.get(key)
        if (known !== undefined) return known
        const place = all.push(key)
        places.set(key, place)
        return place
      }
      const delivered = formatState({ status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date().toISOString() })
      const args: Array<string | number> = [eventLogSeconds, maxEvents, keys.event(''), PENDING, delivered]
      for (const { event, body, receivedAtMs, subscriptions, streams } of events) {
        const authorizer = event.authorizerappid
        const own = authorizer === undefined ? 0 : placeOf(keys.eventsOfAuthorizer(authorizer))
        const others = subscriptions.filter((name) => !streams.some(({ subscription }) => subscription === name))
        args.push(event.id, body, receivedAtMs, event.type, authorizer ?? '', own, others.length, ...others, streams.length)
        for (const { subscription, stream, maxLength } of streams) args.push(subscription, placeOf(stream), maxLength ?? '')
      }
      const answers = await runScript(redis, recordEvents, { keys: all, args })
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
    record: (event, receivedAtMs, subscriptions, { body = JSON.stringify(event), streams = [] } = {}) =>
      guardStore(() => records.add(TOGETHER, { event, body, receivedAtMs, subscriptions, streams })),
    deliveryChanged: (eventId, subscription, change) =>
      guardStore(async () => void (await changes.add(TOGETHER, { eventId, subscription, change }))),
  }
}
