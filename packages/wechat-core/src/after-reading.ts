// Owns: a time-out that holds the other side responsible, not this process.

/**
 * Runs after `ms` milliseconds and one more reading of the sockets: the event loop reads them between its timers and
 * its immediates, so that what arrived while this process stood still is seen first. Once the time is over,
 * `clearTimeout` comes too late.
 */
export function afterReading(ms: number, run: () => void): NodeJS.Timeout {
  return setTimeout(() => setImmediate(run), ms)
}
