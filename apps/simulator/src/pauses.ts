// Owns: waiting that ends early, without an error, when the simulator closes, so that no timer outlives it.
import { setTimeout as delay } from 'node:timers/promises'

export type Pauses = {
  /** Resolves after `ms`, or at once when closed. */
  pause(ms: number): Promise<void>
  /** Whoever waits in a loop must end it then: pauses take no time any more. */
  readonly closed: boolean
  close(): void
}

export function createPauses(): Pauses {
  const closing = new AbortController()

  return {
    pause: async (ms) => {
      if (ms <= 0 || closing.signal.aborted) return
      try {
        await delay(ms, undefined, { signal: closing.signal })
      } catch (error) {
        if (!closing.signal.aborted) throw error
      }
    },
    get closed() {
      return closing.signal.aborted
    },
    close: () => closing.abort(),
  }
}
