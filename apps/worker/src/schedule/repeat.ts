// Owns: doing something again and again until the process stops. What it does, and that it never rejects, is its caller's.
import { setTimeout as delay } from 'node:timers/promises'

export type Repetition = { stop(): Promise<void> }

/** First after `firstMs`, then `everyMs` after each end, with up to 10 % added so that processes drift apart. */
export function repeat({ firstMs, everyMs }: { firstMs: number; everyMs: number }, run: () => Promise<void>): Repetition {
  const stopping = new AbortController()
  const running = loop()

  async function loop(): Promise<void> {
    for (let pauseMs = firstMs; await paused(pauseMs); pauseMs = everyMs * (1 + Math.random() * 0.1)) await run()
  }

  /** True once the time is over, false when the process stops. */
  async function paused(ms: number): Promise<boolean> {
    try {
      await delay(ms, undefined, { signal: stopping.signal })
      return true
    } catch (error) {
      if (stopping.signal.aborted) return false
      throw error
    }
  }

  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
