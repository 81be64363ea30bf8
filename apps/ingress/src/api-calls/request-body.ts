// Owns: the body of a call on its way to WeChat: handed on while it arrives, counted, and kept for the one repeat when
// it is small.
import type { IncomingMessage } from 'node:http'
import { GatewayError, type StreamedBody } from '@wxgw/wechat-core'
import { createChunkReader } from './chunk-reader.ts'

/** What is larger is not kept: the call is not repeated then. A chunked body up to this gets a length. */
const MAX_KEPT_BYTES = 1_048_576

export type RequestBody = {
  /** For the first time. Throws BODY_TOO_LARGE, or INVALID_REQUEST when its client has gone. */
  begin(): Promise<Buffer | StreamedBody | undefined>
  /** The whole of it, once more; undefined when it is too large to be kept. Rejects as `begin`. */
  again(): Promise<Buffer | undefined>
  /** Why it could not be given to its end. */
  readonly failure: GatewayError | undefined
  /** Nobody wants the rest of it any more. */
  discard(): void
}

const EMPTY = Buffer.alloc(0)
const NO_BODY: RequestBody = {
  begin: async () => undefined,
  again: async () => EMPTY,
  failure: undefined,
  discard() {},
}

/** Throws BODY_TOO_LARGE at once when its length says so. */
export function createRequestBody(raw: IncomingMessage, maxBytes: number): RequestBody {
  const isChunked = raw.headers['transfer-encoding'] !== undefined
  const length = isChunked ? undefined : Number(raw.headers['content-length'] ?? 0)
  if (length === 0) return NO_BODY
  if (length !== undefined && length > maxBytes) throw tooLarge(maxBytes)
  /** undefined when it is not kept, or not any longer. */
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

  /** The whole of a chunked body, or its first MiB and more when it goes on. */
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

/** Nobody reads it: it keeps a client's leaving from looking like a fault of ours. */
export const CLIENT_GONE = new GatewayError('INVALID_REQUEST', 'the client has gone')

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('BODY_TOO_LARGE', `the body is larger than the ${maxBytes} bytes that a call may have`)
}
