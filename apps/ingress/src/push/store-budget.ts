// Owns: how much of a push's time Redis may take in all. Each command is bounded by itself (connect.ts); a push asks several, one
// after the other, and those bounds add up.
import type { TimeBound } from '@wxgw/platform'
import { afterReading, type Clock, GatewayError } from '@wxgw/wechat-core'

/**
 * While the store is asked: what this process takes for a large document, or waits for a processor, is no fault of the store. Below
 * the contract's 1.5 s by what a busy machine and an answer on a spool's disk take.
 */
const BUDGET_MS = 1_200
/** From the arrival of the push, its own process included: WeChat hangs up after 5 s. */
const LATEST_MS = 4_500
/** For a push that comes too late for either: a Redis that is well answers within it. */
const LEAST_MS = 100

/**
 * For one push, asked one after the other. Each ask is bounded by what is left; STORE_UNAVAILABLE (retry) when it is used up. What
 * was asked may still be carried out: whoever writes has to be safe against a repetition.
 */
export function createStoreBudget({ nowMs }: Clock, receivedAtMs: number): TimeBound {
  let usedMs = 0
  return async (ask) => {
    const askedAtMs = nowMs()
    const leftMs = Math.max(Math.min(BUDGET_MS - usedMs, receivedAtMs + LATEST_MS - askedAtMs), LEAST_MS)
    try {
      // One ask may be several commands (a search before a write, a wait for replicas behind it), each with a bound of its own.
      return await within(leftMs, ask)
    } finally {
      // A clock that was set back gives nobody more than the whole.
      usedMs += Math.max(0, nowMs() - askedAtMs)
    }
  }
}

async function within<T>(leftMs: number, ask: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = afterReading(leftMs, () => reject(new GatewayError('STORE_UNAVAILABLE', 'the store takes longer than a push has', { retry: true })))
  })
  try {
    return await Promise.race([ask(), over])
  } finally {
    clearTimeout(timer)
  }
}
