// Owns: the metrics of the dispatch of events to subscribers.
import type { QueueWorker } from '@wxgw/redis'
import type { Metrics } from '@wxgw/runtime'
import { type AttemptMetrics, createAttemptMetrics } from './delivery/attempt/attempt-metrics.ts'

type Labelled<Label extends string> = { inc(labels: Record<Label, string>): void }

export type DispatchMetrics = {
  settled: Labelled<'platform' | 'outcome'>
  unsubscribed: Labelled<'platform'>
  announced: Labelled<'platform' | 'kind'>
  attempts: AttemptMetrics
}

/** Counters that the dispatch of a platform increments. */
export function createDispatchMetrics(metrics: Metrics): DispatchMetrics {
  return {
    attempts: createAttemptMetrics(metrics),
    settled: metrics.counter({
      name: 'wxgw_deliveries_settled_total',
      help: 'deliveries that the event log knew as not over and that no queue had; again = delivered once more',
      labels: ['platform', 'outcome'],
    }),
    unsubscribed: metrics.counter({
      name: 'wxgw_events_without_subscription_total',
      help: 'events from WeChat that came while the platform had no enabled subscription: they reached nobody',
      labels: ['platform'],
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

/** Registers gauges of this process' open queues and replays. */
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
