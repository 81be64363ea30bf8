// Owns: one HTTP exchange with WeChat, within one deadline and one size. answer.ts parses the answer.
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import got from 'got'
import { WeChatTransportError } from '../errors.ts'
import type { Secret } from '../secret.ts'
import { createTunnelAgents } from './tunnel-agents.ts'

export type HttpOptions = {
  /** `http:` or `https:`, a path prefix included; a slash at the end does not matter. */
  baseUrl: string
  /**
   * Bounds one whole call: waiting for a socket, DNS, connecting, TLS, sending, headers and the last byte of the body.
   */
  timeoutMs: number
  /** An HTTP CONNECT proxy, credentials included. */
  proxyUrl?: Secret | undefined
  userAgent?: string
}

type HttpRequest = {
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

const AGENT_OPTIONS = {
  keepAlive: true,
  maxSockets: 64,
  maxFreeSockets: 16,
  // Servers usually close idle connections after 5 s; ours close earlier. A request on a closing connection fails and
  // cannot be repeated.
  timeout: 4_000,
} as const

export function createHttp({ baseUrl, timeoutMs, proxyUrl, userAgent = DEFAULT_USER_AGENT }: HttpOptions): Http {
  const root = baseUrl.replace(/\/+$/, '')
  const agent = proxyUrl
    ? createTunnelAgents(AGENT_OPTIONS, { proxyUrl, timeoutMs })
    : { http: new HttpAgent(AGENT_OPTIONS), https: new HttpsAgent(AGENT_OPTIONS) }
  const client = got.extend({
    agent,
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    // The request does not accept compression. A compressed answer is never unpacked (no zip bombs) and fails as JSON.
    decompress: false,
    // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
    https: { rejectUnauthorized: true },
    headers: { 'user-agent': userAgent, accept: 'application/json' },
  })

  async function exchange(request: HttpRequest): Promise<HttpAnswer> {
    const { api, path, query, body, signal, maxAnswerBytes = MAX_ANSWER_BYTES } = request
    const budget = startBudget(timeoutMs, signal)
    try {
      budget.signal.throwIfAborted()
      const search = new URLSearchParams(query).toString()
      const stream = client.stream(`${root}${path}${search === '' ? '' : `?${search}`}`, {
        signal: budget.signal,
        ...(body === undefined
          ? { method: 'GET' }
          : { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
      })
      const text = await readText(stream, maxAnswerBytes)
      if (text === undefined) throw failed(api, `answered more than ${maxAnswerBytes} bytes`)
      if (!stream.response) throw failed(api, 'did not answer')
      return { statusCode: stream.response.statusCode, text }
    } catch (error) {
      throw budget.exceeded(api) ?? transportError(api, error)
    } finally {
      budget.end()
    }
  }

  return {
    exchange,
    close() {
      agent.http.destroy()
      agent.https.destroy()
    },
  }
}

/** undefined when the body is longer than `maxBytes`; leaving the loop destroys the connection. */
async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return undefined
    chunks.push(chunk)
  }
  // Drops a byte order mark. Broken UTF-8 (a nickname cut in the middle) becomes U+FFFD rather than the end of the
  // answer.
  return new TextDecoder().decode(Buffer.concat(chunks))
}

type Budget = {
  signal: AbortSignal
  /** The error of the call when it was cut off by the deadline or by its caller. */
  exceeded(api: string): WeChatTransportError | undefined
  end(): void
}

/** Its listener and its timer are removed at the end, because a caller's signal may live as long as the process. */
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

/** got's errors contain URL, headers and body: only their code is used, never the error as a cause. */
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
