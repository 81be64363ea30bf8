// Owns: how much of a push's time Redis may take in all. Each command is bounded by itself (connect.ts); a push asks several, one
// after the other, and those bounds add up.
import type { Inbox } from '@wxgw/platform'
import { COMMAND_TIMEOUT_MS } from '@wxgw/redis'
import { afterReading, type Clock, GatewayError } from '@wxgw/wechat-core'

/** From the arrival of the push. Below the contract's 1.5 s by what a busy machine and an answer on a spool's disk take. */
const BUDGET_MS = 1_200
/** Of a push that this process itself has kept waiting: a Redis that is well answers within it. */
const LEAST_MS = 100

type Push = { receivedAtMs: number; nowMs: number }

/**
 * Runs one question to the store; STORE_UNAVAILABLE (retry) when the budget is used up. What was asked may still be carried out:
 * whoever writes has to be safe against a repetition.
 */
export function withinStoreBudget<T>({ receivedAtMs, nowMs }: Push, run: () => Promise<T>): Promise<T> {
  // A clock that was set back gives nobody more than the whole.
  const leftMs = Math.max(BUDGET_MS - Math.max(0, nowMs - receivedAtMs), LEAST_MS)
  // Its own bound is enough, and the push costs no timer.
  return leftMs >= COMMAND_TIMEOUT_MS ? run() : within(leftMs, run)
}

async function within<T>(leftMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = afterReading(leftMs, () => reject(new GatewayError('STORE_UNAVAILABLE', 'the store takes longer than a push has', { retry: true })))
  })
  try {
    return await Promise.race([run(), over])
  } finally {
    clearTimeout(timer)
  }
}

/** The inbox for what is pushed now. Not for what has waited on the disk: that has no deadline. */
export function inboxWithinStoreBudget(inbox: Inbox, { nowMs }: Clock): Inbox {
  return {
    ...inbox,
    message: (event, arrival, reply) =>
      withinStoreBudget({ receivedAtMs: arrival.receivedAtMs, nowMs: nowMs() }, () => inbox.message(event, arrival, reply)),
    componentEvent: (event) => withinStoreBudget({ receivedAtMs: event.receivedAtMs, nowMs: nowMs() }, () => inbox.componentEvent(event)),
    releaseCheck: (check) => withinStoreBudget({ receivedAtMs: check.receivedAtMs, nowMs: nowMs() }, () => inbox.releaseCheck(check)),
  }
}
