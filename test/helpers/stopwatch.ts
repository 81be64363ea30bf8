// Owns: how long something took, for bounds that have to hold on a busy machine too: time in which this process did not run, because
// others had the processor, counts little.

const TICK_MS = 10

let countedMs = 0
let lastAt = performance.now()
let ticking: NodeJS.Timeout | undefined

/** Answers the milliseconds since the start. Synchronous work counts as two ticks at most: measure it by `process.cpuUsage`. */
export function startStopwatch(): () => number {
  ticking ??= setInterval(count, TICK_MS).unref()
  const startedAt = count()
  return () => count() - startedAt
}

function count(): number {
  const now = performance.now()
  countedMs += Math.min(now - lastAt, 2 * TICK_MS)
  lastAt = now
  return countedMs
}
