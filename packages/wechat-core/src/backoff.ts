// Owns: the exponential backoff between retries.

/** Doubles with each `step`, from `firstMs` at step 0 up to `longestMs`. */
export function backoffMs(step: number, { firstMs, longestMs }: { firstMs: number; longestMs: number }): number {
  return Math.min(firstMs * 2 ** step, longestMs)
}
