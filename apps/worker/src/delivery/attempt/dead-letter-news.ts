// Owns: which dead letters are to be announced. When and how they are is announce-health.ts.
import type { Announcements } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { StateChange } from './record-state.ts'

const DEAD_LETTER_TYPE = 'gateway.subscription.dead_letter'

export type DeadLetterNewsDeps = {
  store: Pick<Announcements, 'noteDeadLetter'>
  /** There is something to announce. */
  onNews(): void
  log: Pick<Log, 'warn'>
}

/** Never rejects: the dead letter itself stands in its queue and in the log. Those of announcements of dead letters are not announced. */
export function createDeadLetterNews({ store, onNews, log }: DeadLetterNewsDeps): (dead: StateChange) => Promise<void> {
  return async ({ event, subscription, attempts, lastError }) => {
    if (event.type === DEAD_LETTER_TYPE) return
    try {
      const dead = { subscription, eventId: event.id, eventType: event.type, attempts, reason: lastError ?? 'unknown' }
      if (await store.noteDeadLetter(dead)) onNews()
    } catch (error) {
      log.warn({ eventId: event.id, subscription, err: error }, 'delivery.deadLetterNotAnnounced')
    }
  }
}
