// Owns: when a push arrived. In a burst, the last of those that were read together is handled long after the first; its sender's
// patience began with the first's.
import type { Clock } from '@wxgw/wechat-core'

/** Milliseconds, the same for all that are handled in one turn of the event loop: they had all arrived when it began. */
export function createArrivalClock(clock: Clock): () => number {
  let turnMs: number | undefined
  const forget = () => {
    turnMs = undefined
  }
  return () => {
    if (turnMs === undefined) {
      turnMs = clock.nowMs()
      setImmediate(forget)
    }
    return turnMs
  }
}
