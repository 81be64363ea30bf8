// Owns: a process' registry of metrics, with Node's own. Each metric is declared where it is counted.
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

type MetricAbout<Label extends string> = { name: string; help: string; labels?: readonly Label[] }

/** All values of one moment, as plain data for another process. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export type Metrics = {
  /** Each factory throws when the name is taken: one metric has one owner. */
  counter<Label extends string = never>(
    about: MetricAbout<Label> & { collect?: (counter: Counter<Label>) => void },
  ): Counter<Label>
  /** `collect` sets the value at every scrape; a rejection fails the scrape. */
  gauge<Label extends string = never>(
    about: MetricAbout<Label> & { collect?: (gauge: Gauge<Label>) => Promise<void> | void },
  ): Gauge<Label>
  histogram<Label extends string = never>(about: MetricAbout<Label> & { buckets: readonly number[] }): Histogram<Label>
  /** Prometheus' text format; its media type is `contentType`. */
  text(): Promise<string>
  snapshot(): Promise<MetricsSnapshot>
  readonly contentType: string
}

/** Every metric has the label `process`. The registry is not global: one process may have several. */
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

/** prom-client calls `collect` with the metric as `this`. */
function collecting<Metric>(collect: ((metric: Metric) => Promise<void> | void) | undefined) {
  return collect === undefined
    ? {}
    : {
        collect(this: Metric) {
          return collect(this)
        },
      }
}

/** Prometheus' text of several processes: no sums, every series gets the label `slot` of its process. */
export function mergedMetricsText(snapshots: readonly { slot: string; metrics: MetricsSnapshot }[]): Promise<string> {
  const labelled = snapshots.map(({ slot, metrics }) => {
    return metrics.map((metric) => {
      const values = metric.values.map((value) => ({ ...value, labels: { ...value.labels, slot } }))
      // The label keeps the series apart. Without `sum`, prom-client omits metrics that it does not aggregate.
      return { ...metric, aggregator: 'sum' as const, values }
    })
  })
  return AggregatorRegistry.aggregate(labelled).metrics()
}
