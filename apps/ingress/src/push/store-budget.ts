// Owns: the total time that Redis may take for one push. connect.ts bounds each command; a push sends several in
// sequence, and their bounds would add up.
import type { TimeBound } from '@wxgw/platform'
import { type Clock, GatewayError, inTime } from '@wxgw/wechat-core'

/**
 * Counts only the time in Redis, not the time in this process. 300 ms less than the 1.5 s within which a push is
 * answered: a busy machine and a write to the spool take some of them.
 */
const BUDGET_MS = 1_200
/** From the arrival of the push, the time in this process included. WeChat disconnects after 5 s. */
const LATEST_MS = 4_500
/** Minimum time for Redis, even when this process has delayed the push: a healthy one answers within it. */
const LEAST_MS = 100

/**
 * For one push, whose commands run in sequence. Each command gets the time that is left; rejects with STORE_UNAVAILABLE
 * (retry) when none is left. Redis may still carry the command out: a write must be safe to repeat.
 */
export function createStoreBudget({ nowMs }: Clock, receivedAtMs: number): TimeBound {
  let usedMs = 0
  return async (run) => {
    const startedAtMs = nowMs()
    const leftMs = Math.max(Math.min(BUDGET_MS - usedMs, receivedAtMs + LATEST_MS - startedAtMs), LEAST_MS)
    try {
      // One call may be several commands (a read before a write, a wait for replicas after it), each with its own
      // bound.
      return await inTime(leftMs, run(), tooLate)
    } finally {
      // Ignores a clock that was set back.
      usedMs += Math.max(0, nowMs() - startedAtMs)
    }
  }
}

function tooLate(): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', 'the store takes longer than a push has', { retry: true })
}
