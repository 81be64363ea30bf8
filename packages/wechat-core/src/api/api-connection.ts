// Owns: the connections to WeChat's API: kept alive, bounded in number, through an HTTP CONNECT proxy where one is
// configured, and one request over them.
import type { Readable } from 'node:stream'
import { buildConnector, Pool, type Dispatcher } from 'undici'
import type { Secret } from '../secret.ts'
import { createTunnels, type TunnelOptions } from './proxy-tunnel.ts'

export type ApiConnectionOptions = {
  /** `http:` or `https:`, a path prefix included; a slash at the end does not matter. No other host is ever reached. */
  baseUrl: string
  /** `http(s)://[user:password@]host[:port]` */
  proxyUrl?: Secret | undefined
  /** Open connections at once; further requests wait. */
  connections: number
  /** TCP, TLS and the proxy's answer together. */
  connectTimeoutMs: number
}

export type ApiRequest = {
  method: 'GET' | 'POST'
  /** With its query; the prefix of `baseUrl` is put before it. */
  path: string
  headers: Record<string, string>
  /** A body that streams has its length in `headers`, or goes out chunked. */
  body?: string | Buffer | Readable | undefined
}

/** Callbacks of one request: onStart, onHead, onData, onEnd in this order. onError replaces the remaining ones. */
type ApiReceiver = {
  /** The request has a connection and is being written. */
  onStart?(): void
  /** `headers`: names and values in turn, as they came. */
  onHead(status: number, headers: readonly Buffer[]): void
  onData(chunk: Buffer): void
  onEnd(): void
  onError(error: Error): void
}

/** Once the request is over, these have no effect. */
export type ApiExchange = {
  pause(): void
  resume(): void
  /** Ends the request at any point; no callback follows. */
  abort(): void
}

type ApiConnection = {
  /** Sends once: no retry, no redirect, no decompression. Any status is an answer. */
  send(request: ApiRequest, receiver: ApiReceiver): ApiExchange
  /** Closes all connections; requests that still run fail. */
  close(): void
}

/**
 * Servers usually close idle connections after 5 s; ours close earlier. A request on a closing connection fails and
 * cannot be repeated.
 */
const IDLE_MS = 4_000

export function createApiConnection(options: ApiConnectionOptions): ApiConnection {
  const { origin, pathname } = new URL(options.baseUrl)
  const prefix = pathname.replace(/\/+$/, '')
  // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED cannot turn it off.
  const dial = buildConnector({ rejectUnauthorized: true, timeout: options.connectTimeoutMs })
  const pool = new Pool(origin, {
    connect: options.proxyUrl
      ? throughTunnel(dial, { proxyUrl: options.proxyUrl, timeoutMs: options.connectTimeoutMs })
      : dial,
    connections: options.connections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    // The caller has a deadline for the whole request.
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  return {
    send({ method, path, headers, body }, receiver) {
      const exchange = createExchange(receiver)
      pool.dispatch({ path: prefix + path, method, headers, body: body ?? null }, exchange.handler)
      return exchange
    },
    close: () => void pool.destroy(),
  }
}

/** TLS begins behind the proxy. */
function throughTunnel(dial: buildConnector.connector, options: TunnelOptions): buildConnector.connector {
  const tunnels = createTunnels(options)
  return (wanted, done) => {
    const { hostname, protocol, port } = wanted
    const isSecure = protocol === 'https:'
    tunnels.open(`${hostname}:${port || (isSecure ? '443' : '80')}`).then(
      // The types do not know `httpSocket`.
      (socket) => (isSecure ? dial({ ...wanted, httpSocket: socket }, done) : done(null, socket)),
      (error: Error) => done(error, null),
    )
  }
}

/**
 * A request that waits for a connection cannot be cancelled: after `abort` it ends unwritten as soon as it gets one.
 */
function createExchange(receiver: ApiReceiver): ApiExchange & { handler: Dispatcher.DispatchHandler } {
  let controller: Dispatcher.DispatchController | undefined
  let isOver = false

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (isOver) started.abort(new Error('called off'))
      else receiver.onStart?.()
    },
    onResponseStart({ rawHeaders }, status) {
      // Informational (1xx): the answer follows.
      if (status < 200 || isOver) return
      receiver.onHead(status, bytesOf(rawHeaders))
    },
    onResponseData(_controller, chunk) {
      if (!isOver) receiver.onData(chunk)
    },
    onResponseEnd() {
      if (isOver) return
      isOver = true
      receiver.onEnd()
    },
    onResponseError(_controller, error) {
      if (isOver) return
      isOver = true
      receiver.onError(error)
    },
  }

  return {
    handler,
    pause() {
      if (!isOver) controller?.pause()
    },
    resume() {
      if (!isOver) controller?.resume()
    },
    abort() {
      if (isOver) return
      isOver = true
      controller?.abort(new Error('called off'))
    },
  }
}

function bytesOf(headers: unknown): readonly Buffer[] {
  return Array.isArray(headers) ? headers.filter((one) => Buffer.isBuffer(one)) : []
}
