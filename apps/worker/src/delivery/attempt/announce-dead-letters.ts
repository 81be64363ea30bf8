// Owns: which dead letters are announced. announce-health.ts emits the announcements.
import type { Announcements } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { StateChange } from './record-state.ts'

const DEAD_LETTER_TYPE = 'gateway.subscription.dead_letter'

type DeadLetterAnnouncerDeps = {
  store: Pick<Announcements, 'noteDeadLetter'>
  /** An announcement was stored. */
  onAnnouncement(): void
  log: Pick<Log, 'warn'>
}

/**
 * Stores the announcement of one dead letter. Never rejects: the dead letter itself stands in its queue and in the log.
 * A dead letter whose event is itself such an announcement is not announced.
 */
export function createDeadLetterAnnouncer(deps: DeadLetterAnnouncerDeps): (dead: StateChange) => Promise<void> {
  const { store, onAnnouncement, log } = deps
  return async ({ event, subscription, attempts, lastError }) => {
    if (event.type === DEAD_LETTER_TYPE) return
    try {
      const dead = { subscription, eventId: event.id, eventType: event.type, attempts, reason: lastError ?? 'unknown' }
      if (await store.noteDeadLetter(dead)) onAnnouncement()
    } catch (error) {
      log.warn({ eventId: event.id, subscription, err: error }, 'delivery.deadLetterNotAnnounced')
    }
  }
}
