// Owns: the metrics of figures that are read from Redis. All workers share one reading per period, so a scrape reads
// nothing from Redis.
import type { QueueCounts } from '@wxgw/redis'
import type { Metrics } from '@wxgw/runtime'
import { type PlatformFigures, SUBSCRIPTION_STATES, type SubscriptionFigures } from './platform-figures.ts'
import type { QueueFigures } from './queue-figures.ts'

type CurrentFigures = {
  /** By platform. A platform whose figures are not known now is left out. */
  platforms(): ReadonlyMap<string, PlatformFigures>
  queues(): QueueFigures | undefined
  nowMs(): number
}

export function createFigureMetrics(metrics: Metrics, { platforms, queues, nowMs }: CurrentFigures): void {
  function ofPlatforms(name: string, help: string, valueOf: (figures: PlatformFigures) => number | undefined): void {
    metrics.gauge({
      ...{ name, help, labels: ['platform'] },
      collect(gauge) {
        gauge.reset()
        for (const [platform, figures] of platforms()) {
          const value = valueOf(figures)
          if (value !== undefined) gauge.set({ platform }, value)
        }
      },
    })
  }

  function ofSubscriptions(
    name: string,
    help: string,
    valueOf: (figures: SubscriptionFigures) => number | undefined,
  ): void {
    metrics.gauge({
      ...{ name, help, labels: ['platform', 'subscription'] },
      collect(gauge) {
        gauge.reset()
        for (const [platform, { subscriptions }] of platforms()) {
          for (const one of subscriptions) {
            const value = valueOf(one)
            if (value !== undefined) gauge.set({ platform, subscription: one.name }, value)
          }
        }
      },
    })
  }

  function ofQueues(name: string, help: string, valueOf: (counts: QueueCounts) => number): void {
    metrics.gauge({
      ...{ name, help, labels: ['queue'] },
      collect(gauge) {
        gauge.reset()
        for (const one of queues()?.queues ?? []) gauge.set({ queue: one.queue }, valueOf(one))
      },
    })
  }

  ofPlatforms(
    'wxgw_ticket_age_seconds',
    'since the newest component_verify_ticket came; missing when there is none',
    (figures) =>
      figures.ticketReceivedAtMs === null ? undefined : Math.max(0, (nowMs() - figures.ticketReceivedAtMs) / 1000),
  )
  ofPlatforms('wxgw_authorizers', 'authorizers that are known, revoked ones included', ({ authorizers }) => authorizers)
  ofPlatforms('wxgw_authorizers_due', 'subjects whose scheduled refresh is due now', ({ due }) => due)
  ofPlatforms(
    'wxgw_event_log_whole_seconds',
    'since when the event log has every event; missing without one',
    ({ logWholeFromMs }) => (logWholeFromMs === null ? undefined : Math.max(0, (nowMs() - logWholeFromMs) / 1000)),
  )
  ofPlatforms(
    'wxgw_event_log_full',
    '1 = EVENT_LOG_MAX_EVENTS is reached: the oldest events go before EVENT_LOG_SECONDS are over',
    (figures) => (figures.logWholeFromMs === null ? undefined : Number(figures.isLogFull)),
  )
  metrics.gauge({
    name: 'wxgw_schedule_paused',
    help: '1 while scheduled refreshes wait, by reason',
    labels: ['platform', 'reason'],
    collect(gauge) {
      gauge.reset()
      for (const [platform, { pausedBy }] of platforms())
        if (pausedBy !== null) gauge.set({ platform, reason: pausedBy }, 1)
    },
  })
  metrics.gauge({
    name: 'wxgw_subscriptions',
    help: 'subscriptions by state: enabled, paused, disabled, failing (enabled, and its breaker is not closed)',
    labels: ['platform', 'state'],
    collect(gauge) {
      gauge.reset()
      for (const [platform, { states }] of platforms()) {
        for (const state of SUBSCRIPTION_STATES) gauge.set({ platform, state }, states[state])
      }
    },
  })

  ofSubscriptions(
    'wxgw_deliveries_waiting',
    'deliveries that wait, retries included',
    ({ deliveries }) => deliveries.waiting,
  )
  ofSubscriptions(
    'wxgw_deliveries_oldest_waiting_seconds',
    'since the oldest of them came; 0 = none',
    ({ deliveries }) => seconds(deliveries.oldestWaitingMs),
  )
  ofSubscriptions(
    'wxgw_deliveries_in_flight',
    'deliveries that workers have taken',
    ({ deliveries }) => deliveries.inFlight,
  )
  ofSubscriptions('wxgw_dead_letters', 'dead letters', ({ deliveries }) => deliveries.deadLetters)
  ofSubscriptions(
    'wxgw_consumer_waiting',
    'jobs that wait in the queue of a queue sink',
    ({ consumer }) => consumer?.waiting,
  )
  ofSubscriptions(
    'wxgw_consumer_oldest_waiting_seconds',
    'since the first of them could be taken; of a retry, since it was due; 0 = none',
    ({ consumer }) => consumer && seconds(consumer.longestDueMs),
  )
  ofSubscriptions(
    'wxgw_consumer_in_flight',
    'jobs that the consumer of a queue sink has taken',
    ({ consumer }) => consumer?.inFlight,
  )
  ofSubscriptions('wxgw_stream_length', 'entries in the stream of a stream sink', ({ stream }) => stream)

  ofQueues(
    'wxgw_queue_waiting',
    "jobs that wait in one of the gateway's own queues, retries included",
    ({ waiting }) => waiting,
  )
  ofQueues(
    'wxgw_queue_oldest_waiting_seconds',
    'since the first of them could be taken; of a retry, since it was due; 0 = none',
    ({ longestDueMs }) => seconds(longestDueMs),
  )
  ofQueues('wxgw_queue_in_flight', 'jobs that workers have taken', ({ inFlight }) => inFlight)
  ofQueues('wxgw_queue_failed', 'jobs that have failed for good', ({ deadLetters }) => deadLetters)
  metrics.gauge({
    name: 'wxgw_workers',
    help: 'workers that are alive, by their heartbeats',
    collect(gauge) {
      gauge.set(queues()?.workers ?? NaN)
    },
  })
  metrics.gauge({
    name: 'wxgw_messages_waiting',
    help: 'messages and events of users that wait to be dispatched, of all platforms, retries included',
    collect(gauge) {
      gauge.set(queues()?.messages ?? NaN)
    },
  })
}

function seconds(ms: number | null): number {
  return (ms ?? 0) / 1000
}
