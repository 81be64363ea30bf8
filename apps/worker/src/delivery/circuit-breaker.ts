// Owns: sparing a consumer that is down, and the worker, a backlog's worth of attempts at full speed. Which attempt is due
// when is the schedule's business: the breaker only spaces them out, and none is counted that was not made.
import type { Clock, StopSignal } from '@wxgw/wechat-core'

/*
 * Closed: everything passes. Opens after 5 failures in a row. Open: one probe passes per gap, which grows with the row of
 * failures; whatever ends well closes it, and all who wait go on.
 *
 *   failures in a row   gap       probes in a minute
 *                   5    10 ms    the retries of a few events keep to their schedule
 *                  50   100 ms
 *                 500     1 s     60: from here on, however long the backlog and the outage
 *
 * So a consumer that comes back is seen within a second, and an attempt is late by at most a second for each one that waits
 * before it (as many as the subscription has places). The memory is this process': two workers make twice the probes.
 */
const OPENS_AFTER_FAILURES = 5
const GAP_PER_FAILURE_MS = 2
const LONGEST_GAP_MS = 1_000
/** With so many failures the gap is the longest. */
const MOST_FAILED_KEYS = 500

export type CircuitBreaker = {
  /**
   * Resolves when the next attempt may be made: at once while closed, and when `signal` is aborted. True when it had to wait.
   */
  pass(subscription: string, signal: StopSignal): Promise<boolean>
  succeeded(subscription: string): void
  /** Of deliveries that wait for each other only the first failure counts, until one succeeds: one of them is no outage. */
  failed(subscription: string, orderingKey?: string): void
  /** Would an attempt have to wait? */
  isOpen(subscription: string): boolean
  /** The subscription is gone. As after a success, nobody waits any longer. */
  forget(subscription: string): void
}

type Row = { failures: number; failedKeys: Set<string>; nextProbeAtMs: number; waiting: Set<() => void> }

/** Remembers only subscriptions that are failing. */
export function createCircuitBreaker({ clock }: { clock: Clock }): CircuitBreaker {
  const rows = new Map<string, Row>()

  function close(subscription: string) {
    const row = rows.get(subscription)
    rows.delete(subscription)
    for (const goOn of row?.waiting ?? []) goOn()
  }

  return {
    async pass(subscription, signal) {
      const row = rows.get(subscription)
      if (!row || row.failures < OPENS_AFTER_FAILURES || signal.aborted) return false
      const gapMs = gapAfter(row)
      const nowMs = clock.nowMs()
      // Never longer than those who wait before it take, even when the clock was set back.
      const waitMs = Math.min(Math.max(row.nextProbeAtMs - nowMs, 0), (row.waiting.size + 1) * gapMs)
      row.nextProbeAtMs = nowMs + waitMs + gapMs
      if (waitMs > 0) await waitIn(row, waitMs, signal)
      return waitMs > 0
    },
    succeeded: close,
    isOpen: (subscription) => (rows.get(subscription)?.failures ?? 0) >= OPENS_AFTER_FAILURES,
    failed(subscription, key) {
      const row = rows.get(subscription) ?? { failures: 0, failedKeys: new Set(), nextProbeAtMs: 0, waiting: new Set() }
      if (key === undefined || !row.failedKeys.has(key)) row.failures += 1
      if (key !== undefined && row.failedKeys.size < MOST_FAILED_KEYS) row.failedKeys.add(key)
      row.nextProbeAtMs = Math.max(row.nextProbeAtMs, clock.nowMs() + gapAfter(row))
      rows.set(subscription, row)
    },
    forget: close,
  }
}

function gapAfter({ failures }: Row): number {
  return Math.min(failures * GAP_PER_FAILURE_MS, LONGEST_GAP_MS)
}

function waitIn({ waiting }: Row, waitMs: number, signal: StopSignal): Promise<void> {
  return new Promise((resolve) => {
    const goOn = () => {
      clearTimeout(timer)
      waiting.delete(goOn)
      signal.removeEventListener('abort', goOn)
      resolve()
    }
    const timer = setTimeout(goOn, waitMs)
    waiting.add(goOn)
    signal.addEventListener('abort', goOn)
  })
}
