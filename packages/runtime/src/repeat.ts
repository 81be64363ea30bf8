// Owns: repeating a function until the process stops. The function must not reject.
import { pause } from '@wxgw/wechat-core'

export type Repetition = { stop(): Promise<void> }

/** First after `firstMs`, then `everyMs` after each end, plus up to 10 % so that processes do not run in step. */
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
