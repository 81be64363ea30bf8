// Owns: calls of webhooks that still run when their job has ended.
import { setTimeout as delay } from 'node:timers/promises'
import { Stop, type StopSignal } from '@wxgw/wechat-core'

export type LateCalls = {
  /** Whether a job may end before its calls do. False once the process ends. */
  mayLeave(): boolean
  /** Aborts at the deadline of the process' end. */
  readonly signal: StopSignal
  /** `end`: resolves when the call's outcome is written. Must not reject. */
  follow(end: Promise<void>): void
  /** Waits for all calls, and aborts those that take longer than 25 s. */
  close(): Promise<void>
}

/** The same time as running jobs have (queue-worker.ts). */
const CLOSE_TIMEOUT_MS = 25_000

export function createLateCalls({ closeTimeoutMs = CLOSE_TIMEOUT_MS } = {}): LateCalls {
  const calls = new Set<Promise<void>>()
  const stop = new Stop()
  let isClosing = false
  return {
    mayLeave: () => !isClosing,
    signal: stop,
    follow(end) {
      calls.add(end)
      void end.then(() => calls.delete(end))
    },
    async close() {
      isClosing = true
      const waiting = new AbortController()
      const tooLong = delay(closeTimeoutMs, undefined, { signal: waiting.signal, ref: false }).then(
        () => stop.abort(new Error('the process ends')),
        () => undefined,
      )
      await Promise.all(calls)
      waiting.abort()
      await tooLong
    },
  }
}
