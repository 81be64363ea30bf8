// Owns: when a delivery of a throttled subscription may begin. It waits in a slot of its subscription.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import type { Throttle } from '@wxgw/redis'
import type { Clock, StopSignal } from '@wxgw/wechat-core'

/** `later`: the delivery goes back into its queue for `delayMs`. */
export type Turn = { kind: 'now'; hasWaited: boolean } | { kind: 'later'; delayMs: number }

export type ThrottleTurns = {
  /**
   * A delivery for which a push waits begins at once, and is counted. Also resolves at once when `signal` is aborted.
   * Rejects with STORE_UNAVAILABLE.
   */
  take(subscription: Subscription, job: Pick<DeliveryJob, 'reply'>, signal: StopSignal): Promise<Turn>
}

/**
 * The slots of an ordinary subscription. One with `reply` has more, which are kept free for deliveries that push waits
 * for.
 */
const MAX_WAITING = 10
const LATER_MS = 2_000

export function createThrottleTurns({ throttle, clock }: { throttle: Throttle; clock: Clock }): ThrottleTurns {
  const waiting = new Map<string, number>()

  function countWaiting(name: string, change: 1 | -1): void {
    const count = (waiting.get(name) ?? 0) + change
    if (count === 0) waiting.delete(name)
    else waiting.set(name, count)
  }

  return {
    async take({ name, throttle: limit }, { reply }, signal) {
      if (limit === null) return { kind: 'now', hasWaited: false }
      const isUrgent = reply !== undefined && reply.deadlineAtMs > clock.nowMs()
      const firstMs = await throttle.take(name, { ...limit, isUrgent })
      if (firstMs === 0) return { kind: 'now', hasWaited: false }
      if ((waiting.get(name) ?? 0) >= MAX_WAITING) return { kind: 'later', delayMs: LATER_MS * (1 + Math.random()) }
      countWaiting(name, 1)
      try {
        for (let ms = firstMs; ms > 0 && !signal.aborted;) {
          await wait(ms, signal)
          ms = await throttle.take(name, { ...limit, isUrgent: false })
        }
      } finally {
        countWaiting(name, -1)
      }
      return { kind: 'now', hasWaited: true }
    },
  }
}

/** Ends early when `signal` is aborted. */
function wait(ms: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const resume = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', resume)
      resolve()
    }
    const timer = setTimeout(resume, ms)
    signal.addEventListener('abort', resume)
  })
}
