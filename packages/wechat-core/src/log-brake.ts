// Owns: limiting log lines by cause: the first ones of each second pass, the others are counted.

type LogBrake = {
  /** undefined: drop this line. Otherwise how many lines of this cause were dropped since its last one. */
  admit(cause: string): { leftOut: number } | undefined
}

const SECOND_MS = 1_000
/** Causes come from a small, fixed set. The bound protects the memory if one of them varies. */
const MAX_CAUSES = 1_000

type Options = { perSecond: number; nowMs?: (() => number) | undefined }

export function createLogBrake({ perSecond, nowMs = () => performance.now() }: Options): LogBrake {
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
      if (state.lines >= perSecond) {
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
