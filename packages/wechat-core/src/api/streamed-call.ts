// Owns: one proxied call of WeChat's API: streams request and answer unread, never repeats it, and bounds each wait.
import { Readable } from 'node:stream'
import { UnansweredCallError } from '../errors.ts'
import { type ApiConnectionOptions, type ApiExchange, createApiConnection } from './api-connection.ts'
import { codeOf } from './http.ts'

/** `length` undefined: the body is sent chunked. */
export type StreamedBody = { length: number | undefined; chunks: AsyncIterable<Buffer> }

export type StreamedCall = {
  method: 'GET' | 'POST'
  /** With its query, the token in it. */
  path: string
  contentType: string | undefined
  body: Buffer | StreamedBody | undefined
}

export type StreamedCallOptions = Omit<ApiConnectionOptions, 'connectTimeoutMs'> & {
  /** The time from the last byte sent to the head of the answer, and of each silence after that. */
  timeoutMs: number
}

/**
 * Only those of READ. Names in lower case, values as latin1: written as latin1 they are the bytes that came. Of several
 * of a name, the first.
 */
export type StreamedHead = { status: number; headers: ReadonlyMap<string, string> }

export type StreamedCallReceiver = {
  onHead(head: StreamedHead): void
  onData(chunk: Buffer): void
  onEnd(): void
  /** Replaces the remaining callbacks. */
  onError(error: UnansweredCallError): void
}

export type StreamedCalls = {
  /** `pause` of the answer also stops the timer: the silence is then not WeChat's. */
  send(call: StreamedCall, receiver: StreamedCallReceiver): ApiExchange
  close(): void
}

const READ: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'location',
])
const LENGTHS_OF_READ: ReadonlySet<number> = new Set([...READ].map((name) => name.length))

/** A TCP connection and TLS to a near server take a tenth of a second. */
const MAX_CONNECT_MS = 10_000

export function createStreamedCalls({ timeoutMs, ...connectionOptions }: StreamedCallOptions): StreamedCalls {
  const connectTimeoutMs = Math.min(timeoutMs, MAX_CONNECT_MS)
  const connection = createApiConnection({ ...connectionOptions, connectTimeoutMs })

  function send({ method, path, contentType, body }: StreamedCall, receiver: StreamedCallReceiver): ApiExchange {
    let phase: 'connecting' | 'sending' | 'answering' | 'over' = 'connecting'
    /** The wait is for our side, not for WeChat. */
    let isOurs = false
    let exchange: ApiExchange | undefined = undefined
    const clock = setTimeout(expired, timeoutMs)

    function expired(): void {
      if (isOurs) clock.refresh()
      else if (phase === 'connecting')
        fail('WECHAT_API_ERROR', `the call got no connection to WeChat within ${timeoutMs} ms`)
      else if (phase === 'sending') fail('WECHAT_API_TIMEOUT', `WeChat did not answer within ${timeoutMs} ms`)
      else fail('WECHAT_API_TIMEOUT', `WeChat's answer did not go on within ${timeoutMs} ms`)
    }

    function goOn(waitsForOurs: boolean): void {
      isOurs = waitsForOurs
      if (phase !== 'over') clock.refresh()
    }

    function end(): void {
      phase = 'over'
      clearTimeout(clock)
    }

    function fail(code: 'WECHAT_API_ERROR' | 'WECHAT_API_TIMEOUT', message: string): void {
      if (phase === 'over') return
      const sent = phase === 'connecting' ? 'no' : 'unknown'
      end()
      exchange?.abort()
      receiver.onError(new UnansweredCallError(code, { message, sent }))
    }

    const outgoing =
      body === undefined || Buffer.isBuffer(body)
        ? body
        : readableOf(body, (isStarved) => {
            if (phase === 'sending') goOn(isStarved)
          })
    const sent = connection.send(
      { method, path, headers: headersOf(contentType, body), body: outgoing },
      {
        onStart() {
          phase = 'sending'
          goOn(false)
        },
        onHead(status, headers) {
          phase = 'answering'
          goOn(false)
          receiver.onHead({ status, headers: readHeaders(headers) })
        },
        onData(chunk) {
          goOn(false)
          receiver.onData(chunk)
        },
        onEnd() {
          end()
          receiver.onEnd()
        },
        onError(error) {
          const how = phase === 'connecting' ? 'the call got no connection to WeChat' : "WeChat's answer was lost"
          fail('WECHAT_API_ERROR', `${how} (${codeOf(error)})`)
        },
      },
    )

    // The request may have failed within `send`.
    exchange = sent

    return {
      pause() {
        goOn(true)
        sent.pause()
      },
      resume() {
        goOn(false)
        sent.resume()
      },
      abort() {
        end()
        sent.abort()
      },
    }
  }

  return { send, close: () => connection.close() }
}

/** `onWait` hears whom the next chunk is waited for: true = the side that gives the body. */
function readableOf({ chunks }: StreamedBody, onWait: (isStarved: boolean) => void): Readable {
  async function* watched(): AsyncGenerator<Buffer> {
    const source = chunks[Symbol.asyncIterator]()
    try {
      for (;;) {
        onWait(true)
        const { done, value } = await source.next()
        onWait(false)
        if (done === true) return
        yield value
      }
    } finally {
      await source.return?.()
    }
  }
  return Readable.from(watched(), { objectMode: false })
}

function headersOf(contentType: string | undefined, body: StreamedCall['body']): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (contentType !== undefined) headers['content-type'] = contentType
  if (body !== undefined && !Buffer.isBuffer(body) && body.length !== undefined)
    headers['content-length'] = String(body.length)
  return headers
}

function readHeaders(raw: readonly Buffer[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const written = raw[index]
    if (written === undefined || !LENGTHS_OF_READ.has(written.length)) continue
    const name = written.toString('latin1').toLowerCase()
    if (READ.has(name) && !headers.has(name)) headers.set(name, raw[index + 1]?.toString('latin1') ?? '')
  }
  return headers
}
