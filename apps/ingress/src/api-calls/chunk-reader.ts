// Owns: reading a request's body chunk by chunk on demand, without destroying its connection.
import type { IncomingMessage } from 'node:http'

type ChunkReader = {
  /**
   * undefined at the end and after it. Rejects when the client disconnects. Of concurrent calls, one gets each chunk.
   */
  next(): Promise<Buffer | undefined>
  /** Reads and drops the rest, so that the connection can be reused. */
  discard(): void
}

/** `onChunk` is called with each chunk before `next` returns it; `next` rejects with what it throws. */
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
