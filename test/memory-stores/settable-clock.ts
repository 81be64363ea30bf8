// Owns: a clock that stands still until a test moves it.

export type SettableClock = {
  nowMs(): number
  pass(ms: number): void
}

export function settableClock(startMs = Date.UTC(2026, 0, 1)): SettableClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    pass(ms) {
      nowMs += ms
    },
  }
}
