// Owns: keeping one cause from filling the log: while Redis is away, or someone floods us with forged pushes,
// every request says the same. Counts nothing for metrics.
import type { Clock } from '@wxgw/wechat-core'

/** Lines of one cause within one second. */
const MAX_PER_SECOND = 5

export type LogSampler = {
  /** undefined = leave this line out; else how many were left out since the last line of this cause. */
  admit(cause: string): { suppressed: number } | undefined
}

/** `cause` comes from a small, fixed set: nothing is ever forgotten. */
export function createLogSampler({ clock }: { clock: Clock }): LogSampler {
  const causes = new Map<string, { second: number; lines: number; suppressed: number }>()
  return {
    admit(cause) {
      const second = Math.floor(clock.nowMs() / 1000)
      const state = causes.get(cause) ?? { second, lines: 0, suppressed: 0 }
      causes.set(cause, state)
      if (state.second !== second) {
        state.second = second
        state.lines = 0
      }
      if (state.lines >= MAX_PER_SECOND) {
        state.suppressed += 1
        return undefined
      }
      state.lines += 1
      const { suppressed } = state
      state.suppressed = 0
      return { suppressed }
    },
  }
}
