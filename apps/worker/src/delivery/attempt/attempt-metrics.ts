// Owns: the metrics of attempts at deliveries, by subscription: counts, durations, dead letters, replays.
import { createBoundedLabels, type Metrics, MAX_SUBSCRIPTION_LABELS } from '@wxgw/runtime'
import type { JudgedAttempt } from './deliver-once.ts'

export type AttemptMetrics = {
  attempted(platform: string, attempt: JudgedAttempt): void
  dead(platform: string, subscription: string): void
  replayed(platform: string, subscription: string, outcome: string): void
  /** Removes the series of all subscriptions but these. Their dead letters begin at 0: an alert sees the first. */
  keep(platform: string, subscriptions: ReadonlySet<string>): void
}

/** Few buckets: each is a series per subscription. */
const BUCKETS = [0.01, 0.05, 0.25, 1, 5, 30]
const OUTCOMES = ['delivered', 'failed'] as const

/** An attempt costs two look-ups in a map, however many labels there are: the counts become series at a scrape. */
export function createAttemptMetrics(metrics: Metrics): AttemptMetrics {
  const ofPlatforms = new Map<string, ReturnType<typeof createCounts>>()
  const countsOf = (platform: string) => {
    const known = ofPlatforms.get(platform) ?? createCounts()
    ofPlatforms.set(platform, known)
    return known
  }
  const seconds = metrics.histogram({
    name: 'wxgw_delivery_attempt_seconds',
    help: 'how long attempts at deliveries took, by subscription; without writes in one step with the log',
    labels: ['platform', 'subscription'],
    buckets: BUCKETS,
  })
  metrics.counter({
    name: 'wxgw_delivery_attempts_total',
    help: 'attempts at deliveries, replays included, by subscription and outcome',
    labels: ['platform', 'subscription', 'outcome'],
    collect(counter) {
      counter.reset()
      for (const [platform, { attempts }] of ofPlatforms) {
        for (const [subscription, counts] of attempts) {
          for (const outcome of OUTCOMES) counter.inc({ platform, subscription, outcome }, counts[outcome])
        }
      }
    },
  })
  const deadLetters = metrics.counter({
    name: 'wxgw_deliveries_dead_total',
    help: 'deliveries that came to the dead letters',
    labels: ['platform', 'subscription'],
  })
  const replays = metrics.counter({
    name: 'wxgw_replayed_deliveries_total',
    help: 'deliveries of replays, by what became of their one attempt',
    labels: ['platform', 'subscription', 'outcome'],
  })
  return {
    attempted(platform, { subscription, outcome, durationMs }) {
      const { attempts, labels } = countsOf(platform)
      const label = labels.of(subscription)
      const counts = attempts.get(label) ?? { delivered: 0, failed: 0 }
      attempts.set(label, counts)
      counts[outcome] += 1
      if (durationMs !== undefined) seconds.observe({ platform, subscription: label }, durationMs / 1000)
    },
    dead: (platform, subscription) =>
      deadLetters.inc({ platform, subscription: countsOf(platform).labels.of(subscription) }),
    replayed(platform, subscription, outcome) {
      replays.inc({ platform, subscription: countsOf(platform).labels.of(subscription), outcome })
    },
    keep(platform, subscriptions) {
      const { attempts, labels } = countsOf(platform)
      for (const subscription of labels.keep(subscriptions)) {
        attempts.delete(subscription)
        seconds.remove({ platform, subscription })
        deadLetters.remove({ platform, subscription })
        for (const outcome of OUTCOMES) replays.remove({ platform, subscription, outcome })
      }
      for (const subscription of subscriptions) deadLetters.inc({ platform, subscription: labels.of(subscription) }, 0)
    },
  }
}

function createCounts() {
  return {
    labels: createBoundedLabels(MAX_SUBSCRIPTION_LABELS),
    attempts: new Map<string, { delivered: number; failed: number }>(),
  }
}
