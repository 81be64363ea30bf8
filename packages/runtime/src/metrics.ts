// Owns: a process' registry of metrics, with Node's own in it. Which metrics there are is decided where they are counted.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

export type MetricAbout<Label extends string> = { name: string; help: string; labels?: readonly Label[] }

export type Metrics = {
  /** Each factory throws when the name is taken: one metric has one owner. */
  counter<Label extends string = never>(about: MetricAbout<Label>): Counter<Label>
  /** `collect` runs at every scrape, to set what is not followed all the time; a rejection fails the scrape. */
  gauge<Label extends string = never>(about: MetricAbout<Label> & { collect?: (gauge: Gauge<Label>) => Promise<void> | void }): Gauge<Label>
  histogram<Label extends string = never>(about: MetricAbout<Label> & { buckets: readonly number[] }): Histogram<Label>
  /** Prometheus' text format, to be answered with `contentType`. */
  text(): Promise<string>
  readonly contentType: string
}

/** Every metric carries the label `process`. Nothing global: two of them in one process do not meet. */
export function createMetrics({ process }: { process: 'ingress' | 'worker' }): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ process })
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  return {
    counter: ({ name, help, labels = [] }) => new Counter({ name, help, labelNames: labels, registers }),
    gauge: ({ name, help, labels = [], collect }) => {
      return new Gauge({
        name,
        help,
        labelNames: labels,
        registers,
        ...(collect
          ? {
              collect() {
                return collect(this)
              },
            }
          : {}),
      })
    },
    histogram: ({ name, help, labels = [], buckets }) => new Histogram({ name, help, labelNames: labels, buckets: [...buckets], registers }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  }
}
