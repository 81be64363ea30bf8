// Owns: the event log of a platform with `eventLog: false`, which stores nothing.
import type { EventLog } from './event-log.ts'

export const NO_EVENT_LOG: EventLog = {
  record: async () => [],
  recordInOrder: async (events) => events.map(() => []),
  deliveryChanged: async () => {},
  has: async () => false,
  get: async () => undefined,
  attempts: async () => ({ items: [], nextCursor: null }),
  reach: async () => undefined,
  find: async () => ({ items: [], nextCursor: null }),
}
