// Owns: WeChat's clock in the simulator. It can be moved forward only.

export type SimulationClock = {
  nowMs(): number
  nowSeconds(): number
  /** Ages tokens, tickets and codes at once. Later pushes carry the later time. */
  advance(seconds: number): void
}

export function createSimulationClock(realNowMs: () => number = Date.now): SimulationClock {
  let offsetMs = 0
  const nowMs = () => realNowMs() + offsetMs
  return {
    nowMs,
    nowSeconds: () => Math.floor(nowMs() / 1000),
    advance: (seconds) => {
      if (!(seconds >= 0)) throw new RangeError('the clock only moves forward')
      offsetMs += seconds * 1000
    },
  }
}
