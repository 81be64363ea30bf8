// Owns: that one cause, however often it strikes, cannot fill the log: warnings and errors are thinned out and counted.
// Lines below `warn` are units of work and pass as they are.

/** Of one cause. The first of each second pass, so that nothing new is ever missed. */
const MAX_PER_SECOND = 10
const SECOND_MS = 1_000
/** Causes come from a small, fixed set; should one ever carry something that varies, memory is bounded all the same. */
const MAX_CAUSES = 1_000

export type LogBrake = {
  /** undefined = leave this line out; else how many of this cause were left out since its last line. */
  admit(cause: string): { leftOut: number } | undefined
}

export function createLogBrake(nowMs: () => number = () => performance.now()): LogBrake {
  const causes = new Map<string, { sinceMs: number; lines: number; leftOut: number }>()
  return {
    admit(cause) {
      const now = nowMs()
      const state = causes.get(cause) ?? { sinceMs: now, lines: 0, leftOut: 0 }
      if (causes.size >= MAX_CAUSES && !causes.has(cause)) causes.clear()
      causes.set(cause, state)
      if (now - state.sinceMs >= SECOND_MS) {
        state.sinceMs = now
        state.lines = 0
      }
      if (state.lines >= MAX_PER_SECOND) {
        state.leftOut += 1
        return undefined
      }
      state.lines += 1
      const { leftOut } = state
      state.leftOut = 0
      return { leftOut }
    },
  }
}
