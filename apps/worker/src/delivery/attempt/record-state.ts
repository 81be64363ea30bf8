// Owns: recording the state of a delivery in the event log, and counting and announcing dead letters. The delivery does
// not depend on the record.
import type { GatewayEvent } from '@wxgw/contracts'
import type { EventLog, Statistics } from '@wxgw/platform'
import type { Log } from '@wxgw/runtime'

export type StateDeps = {
  events: Pick<EventLog, 'deliveryChanged'>
  statistics: Pick<Statistics, 'count'>
  /** A delivery has become a dead letter. Never rejects. */
  onDead(dead: StateChange): Promise<void> | void
  log: Pick<Log, 'warn'>
}

export type StateChange = {
  event: Pick<GatewayEvent, 'id' | 'type' | 'authorizerappid'>
  subscription: string
} & Parameters<EventLog['deliveryChanged']>[2]

/** Never rejects: a lost record must not make a delivery happen again. */
export async function recordState(deps: StateDeps, change: StateChange): Promise<void> {
  const { events, statistics, onDead, log } = deps
  const { event, subscription } = change
  try {
    await events.deliveryChanged(event, subscription, change)
  } catch (error) {
    log.warn({ eventId: event.id, subscription, status: change.status, err: error }, 'delivery.stateLost')
    // reconcile-deliveries.ts finds it later and counts it.
    return
  }
  if (change.status !== 'dead') return
  statistics.count('dead')
  await onDead(change)
}
