// Owns: collecting the metrics of all processes in the supervisor. A process that does not answer in time is left out.
import type { MetricsSnapshot } from '@wxgw/runtime'
import type { SlotMetrics } from './messages.ts'

/** Prometheus scrapes with a time-out of 10 s by default. */
const TIMEOUT_MS = 1_000

type MetricsCollector = {
  /** Collects from the running processes. */
  collect(): Promise<SlotMetrics[]>
  answered(slot: string, id: number, metrics: MetricsSnapshot): void
}

type Deps = {
  /** Sends the request to each connected process, and returns their slots. */
  ask(id: number): string[]
}

export function createMetricsCollector({ ask }: Deps): MetricsCollector {
  const collecting = new Map<number, (slot: string, metrics: MetricsSnapshot) => void>()
  let ids = 0

  return {
    collect() {
      ids += 1
      const id = ids
      return new Promise((resolve) => {
        const all: SlotMetrics[] = []
        const asked = ask(id)
        const missing = new Set(asked)
        const finish = () => {
          clearTimeout(timer)
          collecting.delete(id)
          resolve(all.toSorted((a, b) => asked.indexOf(a.slot) - asked.indexOf(b.slot)))
        }
        const timer = setTimeout(finish, TIMEOUT_MS)
        collecting.set(id, (slot, metrics) => {
          if (!missing.delete(slot)) return
          all.push({ slot, metrics })
          if (missing.size === 0) finish()
        })
        if (missing.size === 0) finish()
      })
    },
    answered: (slot, id, metrics) => collecting.get(id)?.(slot, metrics),
  }
}
