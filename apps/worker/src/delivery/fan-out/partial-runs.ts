// Owns: remembering whom a fan-out that failed halfway has served, so that running it again serves only the others.
// The memory is this process'. After a crash, and for other workers, the event log says it; without one they get the event twice.

/** Beyond so many failed runs the oldest is forgotten. */
const MOST_RUNS = 10_000

export type PartialRuns = {
  isServed(deliveryId: string, subscription: string): boolean
  /** The run failed, and it is to be run again. */
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
      if (runs.size > MOST_RUNS && oldest !== undefined) runs.delete(oldest)
    },
    finished: (deliveryId) => void runs.delete(deliveryId),
  }
}
