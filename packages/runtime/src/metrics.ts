// Owns: a process' registry of metrics, with Node's own in it. Which metrics there are is decided where they are
// counted.
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client'

export type MetricAbout<Label extends string> = { name: string; help: string; labels?: readonly Label[] }

/** All values of one moment, as plain data that can be handed to another process. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export type Metrics = {
  /** Each factory throws when the name is taken: one metric has one owner. */
  counter<Label extends string = never>(
    about: MetricAbout<Label> & { collect?: (counter: Counter<Label>) => void },
  ): Counter<Label>
  /** `collect` runs at every scrape, to set what is not followed all the time; a rejection fails the scrape. */
  gauge<Label extends string = never>(
    about: MetricAbout<Label> & { collect?: (gauge: Gauge<Label>) => Promise<void> | void },
  ): Gauge<Label>
  histogram<Label extends string = never>(about: MetricAbout<Label> & { buckets: readonly number[] }): Histogram<Label>
  /** Prometheus' text format, to be answered with `contentType`. */
  text(): Promise<string>
  snapshot(): Promise<MetricsSnapshot>
  readonly contentType: string
}

/** Every metric carries the label `process`. Nothing global: two of them in one process do not meet. */
export function createMetrics({ process }: { process: 'ingress' | 'worker' }): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ process })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  return {
    counter: ({ name, help, labels = [], collect }) =>
      new Counter({ name, help, labelNames: labels, registers, ...collecting(collect) }),
    gauge: ({ name, help, labels = [], collect }) =>
      new Gauge({ name, help, labelNames: labels, registers, ...collecting(collect) }),
    histogram: ({ name, help, labels = [], buckets }) =>
      new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers }),
    text: () => registry.metrics(),
    snapshot: () => registry.getMetricsAsJSON(),
    contentType: registry.contentType,
  }
}

/** As prom-client has it: a method that gets its metric as `this`. */
function collecting<Metric>(collect: ((metric: Metric) => Promise<void> | void) | undefined) {
  return collect === undefined
    ? {}
    : {
        collect(this: Metric) {
          return collect(this)
        },
      }
}

/**
 * Prometheus' text of several processes as one: nothing is added up, every series has the label `slot` with its
 * process'.
 */
export function mergedMetricsText(snapshots: readonly { slot: string; metrics: MetricsSnapshot }[]): Promise<string> {
  const labelled = snapshots.map(({ slot, metrics }) => {
    return metrics.map((metric) => {
      const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, slot } }))
      // The label keeps the series apart; without this, prom-client leaves out what it would not add up.
      return { ...metric, aggregator: 'sum' as const, values }
    })
  })
  return AggregatorRegistry.aggregate(labelled).metrics()
}
