// Owns: doing something again and again until the process stops. What it does, and that it never rejects, is its
// caller's.
import { pause } from '@wxgw/wechat-core'

export type Repetition = { stop(): Promise<void> }

/** First after `firstMs`, then `everyMs` after each end, with up to 10 % added so that processes drift apart. */
export function repeat(
  { firstMs, everyMs }: { firstMs: number; everyMs: number },
  run: () => Promise<void>,
): Repetition {
  const stopping = new AbortController()
  const running = loop()

  async function loop(): Promise<void> {
    for (let ms = firstMs; await pause(ms, stopping.signal); ms = everyMs * (1 + Math.random() * 0.1)) await run()
  }

  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}
