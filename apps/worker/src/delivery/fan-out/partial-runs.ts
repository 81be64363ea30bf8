// Owns: which subscriptions a partly failed fan-out has served, so that the retry serves only the others. It is kept in
// the memory of this process. After a crash, and in other workers, the event log says it; without a log they deliver
// twice.

/** Beyond this number the oldest failed run is forgotten. */
const MAX_RUNS = 10_000

type PartialRuns = {
  isServed(deliveryId: string, subscription: string): boolean
  /** The run failed and will be retried. `served`: the subscriptions that have the delivery. */
  failed(deliveryId: string, served: readonly string[]): void
  finished(deliveryId: string): void
}

export function createPartialRuns(): PartialRuns {
  const runs = new Map<string, Set<string>>()
  return {
    isServed: (deliveryId, subscription) => runs.get(deliveryId)?.has(subscription) === true,
    failed(deliveryId, served) {
      runs.set(deliveryId, new Set([...(runs.get(deliveryId) ?? []), ...served]))
      const [oldest] = runs.keys()
      if (runs.size > MAX_RUNS && oldest !== undefined) runs.delete(oldest)
    },
    finished: (deliveryId) => void runs.delete(deliveryId),
  }
}
