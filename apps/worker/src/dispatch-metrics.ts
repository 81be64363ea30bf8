// Owns: the metrics of the dispatch of events to subscribers.
import type { Announcement, QueueWorker } from '@wxgw/redis'
import type { Metrics } from '@wxgw/runtime'
import { type AttemptMetrics, createAttemptMetrics } from './delivery/attempt/attempt-metrics.ts'

type Labelled<Label extends string> = { inc(labels: Record<Label, string>): void }

export type DispatchMetrics = {
  settled: Labelled<'platform' | 'outcome'>
  unsubscribed: Labelled<'platform'>
  announced: Labelled<'platform' | 'kind'>
  attempts: AttemptMetrics
  /** An alert sees the first increment only of a series that is there before. */
  startAtZero(platform: string): void
}

const ANNOUNCED: ReadonlyArray<Announcement['about']['kind']> = ['failing', 'recovered', 'disabled', 'dead_letter']

/** Counters that the dispatch of a platform increments. */
export function createDispatchMetrics(metrics: Metrics): DispatchMetrics {
  const unsubscribed = metrics.counter({
    name: 'wxgw_events_without_subscription_total',
    help: 'events from WeChat that came while the platform had no enabled subscription: they reached nobody',
    labels: ['platform'],
  })
  const announced = metrics.counter({
    name: 'wxgw_subscriptions_announced_total',
    help:
      'announcements that a subscription failed 50, 100 times in a row or another day (failing), ' +
      'delivered again (recovered), was disabled, has a dead letter (dead_letter)',
    labels: ['platform', 'kind'],
  })
  return {
    attempts: createAttemptMetrics(metrics),
    settled: metrics.counter({
      name: 'wxgw_deliveries_settled_total',
      help: 'deliveries that the event log knew as not over and that no queue had; again = delivered once more',
      labels: ['platform', 'outcome'],
    }),
    unsubscribed,
    announced,
    startAtZero(platform) {
      unsubscribed.inc({ platform }, 0)
      for (const kind of ANNOUNCED) announced.inc({ platform, kind }, 0)
    },
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
