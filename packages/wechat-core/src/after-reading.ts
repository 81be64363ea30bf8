// Owns: a time-out that waits for one more read of the sockets, so a pause of this process alone does not fire it.

/**
 * Runs after `ms` milliseconds and one more read of the sockets. The event loop reads them between its timers and its
 * immediates, so data that arrived while this process was paused is handled first. Once the time is over,
 * `clearTimeout` has no effect.
 */
export function afterReading(ms: number, run: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(run), ms)
}
