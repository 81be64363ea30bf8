// Owns: reading a request's body one chunk at a time, when somebody wants one, and leaving its connection alone.
import type { IncomingMessage } from 'node:http'

export type ChunkReader = {
  /**
   * undefined at the end, and again after it. Rejects when the client goes before. Of several who wait, one gets each
   * chunk.
   */
  next(): Promise<Buffer | undefined>
  /** Takes in what is left and throws it away, so that the connection can go on. */
  discard(): void
}

/**
 * `onChunk` hears of each chunk in their order, before whoever waits for it; what it throws is what `next` rejects
 * with.
 */
export function createChunkReader(raw: IncomingMessage, onChunk: (chunk: Buffer) => void): ChunkReader {
  let waiting: (() => void)[] = []
  let isListening = false
  const wake = () => {
    const woken = waiting
    waiting = []
    for (const one of woken) one()
  }

  function listen(): void {
    if (isListening) return
    isListening = true
    raw.on('readable', wake)
    for (const event of ['end', 'error', 'close']) raw.once(event, wake)
  }

  return {
    async next() {
      listen()
      for (;;) {
        const chunk: unknown = raw.read()
        if (Buffer.isBuffer(chunk)) {
          onChunk(chunk)
          return chunk
        }
        if (raw.readableEnded) return undefined
        if (raw.destroyed || raw.errored) throw new Error('the client has gone')
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
        })
      }
    },
    discard() {
      raw.off('readable', wake)
      raw.resume()
    },
  }
}
