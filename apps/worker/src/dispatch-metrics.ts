// Owns: the metrics of the way from an event to its subscribers.
import { formatGap, type QueueWorker, type RedisConnection, type ShardCount, waitingMessages } from '@wxgw/redis'
import type { Metrics } from '@wxgw/runtime'

type Labelled<Label extends string> = { inc(labels: Record<Label, string>): void }

export type DispatchMetrics = {
  settled: Labelled<'platform' | 'outcome'>
  replayed: Labelled<'platform' | 'subscription' | 'outcome'>
  unheard: Labelled<'platform'>
  duplicates: Labelled<'platform'>
  dead: Labelled<'platform' | 'subscription'>
  announced: Labelled<'platform' | 'kind'>
}

export type MeasuredStore = { redis: RedisConnection; shardCount: Pick<ShardCount, 'get'> }

/** Counters that the dispatch of a platform increments, and gauges of the store. */
export function createDispatchMetrics(metrics: Metrics, { redis, shardCount }: MeasuredStore): DispatchMetrics {
  metrics.gauge({
    name: 'wxgw_messages_waiting',
    help: 'messages and events of users that wait to be dispatched, of all platforms; every worker says the same',
    collect: async (gauge) => {
      const waiting = async () => waitingMessages(redis, shardCount.get())
      gauge.set(await waiting().catch(() => NaN))
    },
  })
  metrics.gauge({
    name: 'wxgw_bullmq_format_unknown',
    help: '1 = the installed BullMQ is not the version whose format our scripts write: events reach queues more slowly',
    collect: (gauge) => gauge.set(formatGap() === undefined ? 0 : 1),
  })
  return {
    settled: metrics.counter({
      name: 'wxgw_deliveries_settled_total',
      help: 'deliveries that the event log knew as not over and that no queue had; again = delivered once more',
      labels: ['platform', 'outcome'],
    }),
    replayed: metrics.counter({
      name: 'wxgw_replayed_deliveries_total',
      help: 'deliveries of replays, by what became of their one attempt',
      labels: ['platform', 'subscription', 'outcome'],
    }),
    unheard: metrics.counter({
      name: 'wxgw_events_without_subscription_total',
      help: 'events from WeChat that came while the platform had no enabled subscription: they reached nobody',
      labels: ['platform'],
    }),
    duplicates: metrics.counter({
      name: 'wxgw_messages_duplicate_total',
      help: 'pushed messages and events that another arrival of the same event was dispatched for',
      labels: ['platform'],
    }),
    dead: metrics.counter({
      name: 'wxgw_deliveries_dead_total',
      help: 'deliveries that came to the dead letters',
      labels: ['platform', 'subscription'],
    }),
    announced: metrics.counter({
      name: 'wxgw_subscriptions_announced_total',
      help:
        'announcements that a subscription failed 50, 100 times in a row or another day (failing), ' +
        'delivered again (recovered), was disabled, has a dead letter (dead_letter)',
      labels: ['platform', 'kind'],
    }),
  }
}

/** Gauges of what this process works on now. */
export function measureDispatch(
  metrics: Metrics,
  { deliveryWorkers, replays }: { deliveryWorkers(): readonly QueueWorker[]; replays(): number },
): void {
  metrics.gauge({
    name: 'wxgw_delivery_workers',
    help: 'Subscriptions whose deliveries queue this process works on now',
    collect: (gauge) => gauge.set(deliveryWorkers().length),
  })
  metrics.gauge({
    name: 'wxgw_replays_running',
    help: 'Replays that this process runs now',
    collect: (gauge) => gauge.set(replays()),
  })
}
