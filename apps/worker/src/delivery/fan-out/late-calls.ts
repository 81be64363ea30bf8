// Owns: calls of webhooks that go on when the job they belong to has ended.
import { setTimeout as delay } from 'node:timers/promises'
import { Stop, type StopSignal } from '@wxgw/wechat-core'

export type LateCalls = {
  /** False once the process ends: a job then waits for its calls. */
  mayLeave(): boolean
  /** Aborts when the process has no more time. */
  readonly signal: StopSignal
  /** `end`: until the call's outcome is written down. Must not reject. */
  follow(end: Promise<void>): void
  /** Waits for all calls; those that take too long are aborted. */
  close(): Promise<void>
}

/** As running jobs get (queue-worker.ts). */
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
