// Owns: reconciling the event log's pending deliveries with the queues, so that none stays pending for ever. They
// differ after a failover, which loses jobs and records independently, and after a process died before a record.
import type { EventLog, Statistics, Subscriptions } from '@wxgw/platform'
import {
  type DeliveryQueue,
  type UnsettledDeliveries,
  type UnsettledDelivery,
  type UnsettledOfShard,
  unlessRightMissing,
} from '@wxgw/redis'
import { type Log, repeat, type Repetition } from '@wxgw/runtime'
import { type Clock, isStoreAway } from '@wxgw/wechat-core'
import { setTimeout as delay } from 'node:timers/promises'
import { deliveryJob } from '../attempt/delivery-job.ts'
import type { StateDeps } from '../attempt/record-state.ts'

export type ReconcilingDeps = {
  platform: {
    id: string
    events: Pick<EventLog, 'deliveryChanged'>
    subscriptions: Pick<Subscriptions, 'get'>
    unsettled: UnsettledDeliveries
    statistics: Pick<Statistics, 'count'>
  }
  enqueueDelivery: DeliveryQueue['enqueueDelivery']
  onDead: StateDeps['onDead']
  /** Called for each delivery that was not in the state that the log had. */
  onReconciled(outcome: ReconciledAs): void
  clock: Clock
  log: Log
  everyMs?: number
  minAgeMs?: number
}

/**
 * `again`: enqueued once more under the same id. `dead`, `over`: only the record was missing. `dropped`: the
 * subscription is gone. `queued`: the queue has it, as the log says, or must not be read.
 */
export type ReconciledAs = 'again' | 'dead' | 'over' | 'dropped' | 'queued'

const EVERY_MS = 60_000
/** Longer than a fan-out takes after it has recorded an event: a webhook's 30 s, and what a busy process adds. */
const MIN_AGE_MS = 90_000
const PAGE = 250
/** At most 5,000 deliveries a second: a large backlog of retries must not keep Redis busy. */
const PAUSE_MS = 50

/**
 * One worker at a time makes a pass through a shard of the log. It reads only deliveries that are pending. Never
 * rejects.
 */
export function startReconciling({ everyMs = EVERY_MS, ...deps }: ReconcilingDeps): Repetition {
  const { platform, log } = deps
  const stopping = new AbortController()
  const passes = repeat({ firstMs: everyMs / 2, everyMs }, () =>
    unlessAway(async () => {
      for (const shard of platform.unsettled.shards()) if (!stopping.signal.aborted) await unlessAway(() => pass(shard))
    }),
  )

  async function pass(shard: UnsettledOfShard): Promise<void> {
    if (!(await shard.claimPass())) return
    const counts = await settleAll(deps, shard, stopping.signal)
    if (counts.again + counts.dead > 0) log.warn({ platform: platform.id, ...counts }, 'deliveries.settled')
  }

  async function unlessAway(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      // The next pass starts over. Readiness reports that Redis is away.
      if (!isStoreAway(error)) {
        log.warn({ err: error, platform: platform.id }, 'deliveries.not_settled')
      }
    }
  }

  return {
    async stop() {
      stopping.abort()
      await passes.stop()
    },
  }
}

async function settleAll(
  deps: ReconcilingDeps,
  shard: UnsettledOfShard,
  stopping: AbortSignal,
): Promise<Record<ReconciledAs, number>> {
  const { clock, minAgeMs = MIN_AGE_MS } = deps
  const counts = { again: 0, dead: 0, over: 0, dropped: 0, queued: 0 }
  const untilMs = clock.nowMs() - minAgeMs
  const settleOrLeave = (delivery: UnsettledDelivery) =>
    unlessRightMissing<ReconciledAs>(
      () => settle(deps, shard, delivery),
      () => 'queued',
    )
  let after: string | undefined
  do {
    const { items, next } = await shard.page({ untilMs, limit: PAGE, after })
    for (const outcome of await Promise.all(items.map(settleOrLeave))) {
      counts[outcome] += 1
      if (outcome !== 'queued') deps.onReconciled(outcome)
    }
    after = next
    if (after !== undefined) await delay(PAUSE_MS)
  } while (after !== undefined && !stopping.aborted)
  return counts
}

async function settle(
  { platform, enqueueDelivery, onDead }: ReconcilingDeps,
  shard: UnsettledOfShard,
  delivery: UnsettledDelivery,
): Promise<ReconciledAs> {
  const { subscription: name, logged } = delivery
  if (!logged || (logged.status !== 'pending' && logged.status !== 'retrying')) {
    await shard.settled(delivery)
    return 'over'
  }
  const place = await platform.unsettled.placeOf({ subscription: name, jobId: logged.jobId })
  if (place.kind === 'queued') return 'queued'
  if (place.kind === 'dead') {
    const change = { status: 'dead' as const, attempts: place.attempts, lastError: place.lastError }
    await platform.events.deliveryChanged(logged.event, name, change)
    platform.statistics.count('dead')
    await onDead({ event: logged.event, subscription: name, ...change })
    return 'dead'
  }
  const subscription = await platform.subscriptions.get(name)
  // A newer subscription of the same name may belong to somebody else: it gets no event that is older than itself.
  if (!subscription || subscription.createdAtMs > logged.receivedAtMs) {
    await platform.events.deliveryChanged(logged.event, name, { status: 'discarded', attempts: 0 })
    return 'dropped'
  }
  const { event, receivedAtMs, jobId: deliveryId } = logged
  await enqueueDelivery(deliveryJob({ event, receivedAtMs, deliveryId }, subscription))
  return 'again'
}
