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

type StreamedCallOptions = Omit<ApiConnectionOptions, 'connectTimeoutMs'> & {
  /** Time-out from the last byte sent to the head of the answer, and between chunks after that. */
  timeoutMs: number
}

/**
 * The headers of READ_HEADERS. Names are lower case; values are latin1, which keeps their bytes. Of repeated names the
 * first counts.
 */
export type StreamedHead = { status: number; headers: ReadonlyMap<string, string> }

type StreamedCallReceiver = {
  onHead(head: StreamedHead): void
  onData(chunk: Buffer): void
  onEnd(): void
  /** Replaces the remaining callbacks. */
  onError(error: UnansweredCallError): void
}

export type StreamedCalls = {
  /** `pause` also stops the timer, because we then do not read from WeChat. */
  send(call: StreamedCall, receiver: StreamedCallReceiver): ApiExchange
  close(): void
}

const READ_HEADERS: ReadonlySet<string> = new Set([
  'content-type',
  'content-length',
  'content-disposition',
  'content-encoding',
  'location',
])
const READ_HEADER_LENGTHS: ReadonlySet<number> = new Set([...READ_HEADERS].map((name) => name.length))

/** A TCP connection and TLS to a near server take a tenth of a second. */
const MAX_CONNECT_MS = 10_000

export function createStreamedCalls({ timeoutMs, ...connectionOptions }: StreamedCallOptions): StreamedCalls {
  const connectTimeoutMs = Math.min(timeoutMs, MAX_CONNECT_MS)
  const connection = createApiConnection({ ...connectionOptions, connectTimeoutMs })

  function send({ method, path, contentType, body }: StreamedCall, receiver: StreamedCallReceiver): ApiExchange {
    let phase: 'connecting' | 'sending' | 'answering' | 'over' = 'connecting'
    /** True while we wait for our own side, not for WeChat. */
    let isWaitingForUs = false
    let exchange: ApiExchange | undefined = undefined
    const timer = setTimeout(expired, timeoutMs)

    function expired(): void {
      if (isWaitingForUs) timer.refresh()
      else if (phase === 'connecting')
        fail('WECHAT_API_ERROR', `the call got no connection to WeChat within ${timeoutMs} ms`)
      else if (phase === 'sending') fail('WECHAT_API_TIMEOUT', `WeChat did not answer within ${timeoutMs} ms`)
      else fail('WECHAT_API_TIMEOUT', `WeChat's answer did not go on within ${timeoutMs} ms`)
    }

    function restartTimer(waitsForUs: boolean): void {
      isWaitingForUs = waitsForUs
      if (phase !== 'over') timer.refresh()
    }

    function end(): void {
      phase = 'over'
      clearTimeout(timer)
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
            if (phase === 'sending') restartTimer(isStarved)
          })
    const sent = connection.send(
      { method, path, headers: headersOf(contentType, body), body: outgoing },
      {
        onStart() {
          phase = 'sending'
          restartTimer(false)
        },
        onHead(status, headers) {
          phase = 'answering'
          restartTimer(false)
          receiver.onHead({ status, headers: readHeaders(headers) })
        },
        onData(chunk) {
          restartTimer(false)
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
        restartTimer(true)
        sent.pause()
      },
      resume() {
        restartTimer(false)
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

/** `onWait(true)`: waiting for the source's next chunk; `onWait(false)`: waiting for WeChat to take more. */
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
    if (written === undefined || !READ_HEADER_LENGTHS.has(written.length)) continue
    const name = written.toString('latin1').toLowerCase()
    if (READ_HEADERS.has(name) && !headers.has(name)) headers.set(name, raw[index + 1]?.toString('latin1') ?? '')
  }
  return headers
}
