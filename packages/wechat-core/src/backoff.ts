// Owns: how long something that failed waits for its next try.

/** Twice as long each time. `step`: from 0, which waits `firstMs`. */
export function backoffMs(step: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** step, longestMs)
}
