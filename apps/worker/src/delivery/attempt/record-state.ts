// Owns: recording in the event log what became of a delivery, without making the delivery depend on it, and counting
// and announcing what comes to the dead letters.
import type { GatewayEvent } from '@wxgw/contracts'
import type { EventLog, Statistics } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'

export type StateDeps = {
  events: Pick<EventLog, 'deliveryChanged'>
  statistics: Pick<Statistics, 'count'>
  /** A delivery has come to the dead letters. Never rejects. */
  onDead(dead: StateChange): Promise<void> | void
  log: Pick<Log, 'warn'>
}

export type StateChange = {
  event: Pick<GatewayEvent, 'id' | 'type' | 'authorizerappid'>
  subscription: string
} & Parameters<EventLog['deliveryChanged']>[2]

/** Never rejects: a delivery that was made must not be made again because its record was lost. */
export async function recordState(
  { events, statistics, onDead, log }: StateDeps,
  { event, subscription, ...change }: StateChange,
): Promise<void> {
  try {
    await events.deliveryChanged(event, subscription, change)
  } catch (error) {
    log.warn({ eventId: event.id, subscription, status: change.status, err: error }, 'delivery.stateLost')
    // The sweep that finds it (settle-deliveries.ts) counts it.
    return
  }
  if (change.status !== 'dead') return
  statistics.count('dead')
  await onDead({ event, subscription, ...change })
}
