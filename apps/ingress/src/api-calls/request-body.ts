// Owns: the body of a call: streams it while it arrives, bounds its size, and buffers a small one for a repeat.
import type { IncomingMessage } from 'node:http'
import { GatewayError, type StreamedBody } from '@wxgw/wechat-core'
import { createChunkReader } from './chunk-reader.ts'

/** A larger body is not buffered, and its call not repeated. A chunked body up to this size gets a length. */
const MAX_KEPT_BYTES = 1_048_576

export type RequestBody = {
  /** For the first attempt. Throws BODY_TOO_LARGE, or INVALID_REQUEST when the client has disconnected. */
  begin(): Promise<Buffer | StreamedBody | undefined>
  /** The whole body for the repeat; undefined when it was too large to buffer. Rejects as `begin`. */
  again(): Promise<Buffer | undefined>
  /** Why the body could not be read to its end. */
  readonly failure: GatewayError | undefined
  /** Drops the rest. */
  discard(): void
}

const EMPTY = Buffer.alloc(0)
const NO_BODY: RequestBody = {
  begin: async () => undefined,
  again: async () => EMPTY,
  failure: undefined,
  discard() {},
}

/** Throws BODY_TOO_LARGE when its Content-Length is too large. */
export function createRequestBody(raw: IncomingMessage, maxBytes: number): RequestBody {
  const isChunked = raw.headers['transfer-encoding'] !== undefined
  const length = isChunked ? undefined : Number(raw.headers['content-length'] ?? 0)
  if (length === 0) return NO_BODY
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  /** undefined when it is not buffered, or no longer. */
  let kept: Buffer[] | undefined = length === undefined || length <= MAX_KEPT_BYTES ? [] : undefined
  let size = 0
  let failure: GatewayError | undefined

  const reader = createChunkReader(raw, (chunk) => {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    if (size > MAX_KEPT_BYTES) kept = undefined
    kept?.push(chunk)
  })

  async function next(): Promise<Buffer | undefined> {
    try {
      return await reader.next()
    } catch (error) {
      failure =
        error instanceof GatewayError ? error : new GatewayError('INVALID_REQUEST', 'the body did not come to its end')
      throw failure
    }
  }

  async function* chunksAfter(first: readonly Buffer[]): AsyncGenerator<Buffer> {
    yield* first
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
  }

  /** The whole of a chunked body, or a stream when it is larger than MAX_KEPT_BYTES. */
  async function measured(): Promise<Buffer | StreamedBody> {
    const first: Buffer[] = []
    for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
      first.push(chunk)
      if (size > MAX_KEPT_BYTES) return { length: undefined, chunks: chunksAfter(first) }
    }
    return Buffer.concat(first)
  }

  return {
    get failure() {
      return failure
    },
    async begin() {
      if (length === undefined) return measured()
      const first = (await next()) ?? EMPTY
      return first.length === length ? first : { length, chunks: chunksAfter([first]) }
    },
    async again() {
      let isRead = false
      while (kept !== undefined && !isRead) isRead = (await next()) === undefined
      return kept === undefined ? undefined : Buffer.concat(kept)
    },
    discard: () => reader.discard(),
  }
}

/** Nobody receives this error. It marks a disconnected client, which is no fault of ours. */
export const CLIENT_GONE = new GatewayError('INVALID_REQUEST', 'the client has gone')

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('BODY_TOO_LARGE', `the body is larger than the ${maxBytes} bytes that a call may have`)
}
