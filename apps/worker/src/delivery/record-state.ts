// Owns: telling the event log what became of a delivery, without making the delivery depend on it. Whatever comes to the dead letters is
// counted here.
import type { EventLog, Statistics } from '@wxgw/platform'
import type { EventPlace } from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'

export type StateDeps = {
  events: Pick<EventLog, 'deliveryChanged'>
  statistics: Pick<Statistics, 'count'>
  /** A delivery has come to the dead letters. */
  onDead(dead: StateChange): void
  log: Pick<Log, 'warn'>
}

/** Which delivery it is about. */
export type AboutDelivery = { event: EventPlace; subscription: string }

export type StateChange = AboutDelivery & Parameters<EventLog['deliveryChanged']>[2]

/** Never rejects: a delivery that was made must not be made again because a note about it was lost. */
export async function recordState(
  { events, statistics, onDead, log }: StateDeps,
  { event, subscription, ...change }: StateChange,
): Promise<void> {
  if (change.status === 'dead') {
    statistics.count('dead')
    onDead({ event, subscription, ...change })
  }
  try {
    await events.deliveryChanged(event, subscription, change)
  } catch (error) {
    log.warn({ eventId: event.id, subscription, status: change.status, err: error }, 'delivery.stateLost')
  }
}
