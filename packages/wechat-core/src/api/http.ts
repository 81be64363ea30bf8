// Owns: one HTTP exchange with WeChat, within one deadline and one size. What the answer means is read in answer.ts.
import type { Secret } from '../secret.ts'
import { WeChatTransportError } from '../errors.ts'
import { type ApiConnection, type ApiRequest, createApiConnection } from './api-connection.ts'

export type HttpOptions = {
  /** `http:` or `https:`, a path prefix included; a slash at the end does not matter. */
  baseUrl: string
  /** Bounds one whole call: waiting for a socket, DNS, connecting, TLS, sending, headers and the last byte of the body. */
  timeoutMs: number
  /** An HTTP CONNECT proxy, credentials included. */
  proxyUrl?: Secret | undefined
  userAgent?: string
}

export type HttpRequest = {
  /** WeChat's name of the API: the only thing of a request that stands in errors. */
  api: string
  path: string
  query: Readonly<Record<string, string>>
  /** JSON; its presence makes it a POST. */
  body: string | undefined
  signal: AbortSignal | undefined
  /** Default MAX_ANSWER_BYTES. */
  maxAnswerBytes?: number | undefined
}

export type HttpAnswer = { statusCode: number; text: string }

export type Http = {
  /**
   * Sends once: no retry, no redirect. Any status is an answer.
   * Rejects with WeChatTransportError: WECHAT_API_TIMEOUT when the time is over, WECHAT_API_ERROR when WeChat is out of
   * reach, its certificate is not trusted, or the answer breaks off or is larger than `maxAnswerBytes`.
   */
  exchange(request: HttpRequest): Promise<HttpAnswer>
  /** Closes all connections; calls that still run fail. */
  close(): void
}

export const MAX_ANSWER_BYTES = 256 * 1024

const DEFAULT_USER_AGENT = 'wxgw'

const MAX_CONNECTIONS = 64

export function createHttp({ baseUrl, timeoutMs, proxyUrl, userAgent = DEFAULT_USER_AGENT }: HttpOptions): Http {
  const connection = createApiConnection({ baseUrl, proxyUrl, connections: MAX_CONNECTIONS, connectTimeoutMs: timeoutMs })
  // Compression is not asked for, and what comes compressed all the same is not JSON: no bomb is ever unpacked.
  const headers = { 'user-agent': userAgent, accept: 'application/json' }

  async function exchange(request: HttpRequest): Promise<HttpAnswer> {
    const { api, path, query, body, signal, maxAnswerBytes = MAX_ANSWER_BYTES } = request
    const budget = startBudget(timeoutMs, signal)
    try {
      budget.signal.throwIfAborted()
      const search = new URLSearchParams(query).toString()
      const answer = await answerOf(connection, {
        request: {
          ...(body === undefined
            ? { method: 'GET', headers }
            : { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body }),
          path: `${path}${search === '' ? '' : `?${search}`}`,
        },
        signal: budget.signal,
        maxBytes: maxAnswerBytes,
      })
      if (answer === undefined) throw failed(api, `answered more than ${maxAnswerBytes} bytes`)
      return answer
    } catch (error) {
      throw budget.exceeded(api) ?? transportError(api, error)
    } finally {
      budget.end()
    }
  }

  return { exchange, close: () => connection.close() }
}

type Asked = { request: ApiRequest; signal: AbortSignal; maxBytes: number }

/** undefined when it is over the cap: the rest is not read. */
function answerOf(connection: ApiConnection, { request, signal, maxBytes }: Asked): Promise<HttpAnswer | undefined> {
  return new Promise((resolve, reject) => {
    let statusCode = 0
    let size = 0
    const chunks: Buffer[] = []
    const exchange = connection.send(request, {
      onHead(status) {
        statusCode = status
      },
      onData(chunk) {
        size += chunk.length
        chunks.push(chunk)
        if (size <= maxBytes) return
        exchange.abort()
        resolve(undefined)
      },
      // Drops a byte order mark. Broken UTF-8 (a nickname cut in the middle) becomes U+FFFD rather than the end of the answer.
      onEnd: () => resolve({ statusCode, text: new TextDecoder().decode(Buffer.concat(chunks)) }),
      onError: reject,
    })
    // The signal is this call's own.
    signal.addEventListener('abort', () => {
      exchange.abort()
      reject(new Error('called off'))
    })
  })
}

type Budget = {
  signal: AbortSignal
  /** The error of the call when it was cut off by the deadline or by its caller. */
  exceeded(api: string): WeChatTransportError | undefined
  end(): void
}

/** A listener and a timer that are taken back, since a caller's signal may live as long as the process. */
function startBudget(timeoutMs: number, callerSignal: AbortSignal | undefined): Budget {
  const controller = new AbortController()
  let cutBy: 'deadline' | 'caller' | undefined
  const cut = (by: 'deadline' | 'caller') => {
    cutBy ??= by
    controller.abort()
  }
  const onCallerAbort = () => cut('caller')
  const timer = setTimeout(() => cut('deadline'), timeoutMs)
  if (callerSignal?.aborted) onCallerAbort()
  else callerSignal?.addEventListener('abort', onCallerAbort, { once: true })

  return {
    signal: controller.signal,
    exceeded(api) {
      if (cutBy === undefined) return undefined
      if (cutBy === 'deadline') return timedOut(api, `${timeoutMs} ms`)
      return isTimeout(callerSignal?.reason) ? timedOut(api, 'the time of its caller') : failed(api, 'was called off')
    },
    end() {
      clearTimeout(timer)
      callerSignal?.removeEventListener('abort', onCallerAbort)
    },
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** An error of the network may carry addresses and parts of the answer: only its code is taken over, never the error as a cause. */
function transportError(api: string, error: unknown): WeChatTransportError {
  if (error instanceof WeChatTransportError) return error
  return failed(api, `failed (${codeOf(error)})`)
}

function failed(api: string, how: string): WeChatTransportError {
  return new WeChatTransportError('WECHAT_API_ERROR', api, `${api} ${how}`)
}

function timedOut(api: string, budget: string): WeChatTransportError {
  return new WeChatTransportError('WECHAT_API_TIMEOUT', api, `${api} did not end within ${budget}`)
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no code'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return /^\w{1,64}$/.test(code) ? code : 'no code'
}
