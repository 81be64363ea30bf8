// Owns: all calls to addresses that subscribers choose. POST only; no redirect, no decompression, no cookie, no
// proxy from the environment. The caller's signal ends the call; at most 64 KB of the answer are read. It uses undici's
// connections: they let us check the connected socket before the first byte, and cost half of node:http.
import { checkWebhookUrl, createAddressGuard } from '@wxgw/runtime'
import type { StopSignal } from '@wxgw/wechat-core'
import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import type { Dispatcher } from 'undici'
import { type Connection, type ConnectionPool, createConnectionPool } from './connection-pool.ts'
import { networkFailure } from './failure-reason.ts'
import { BlockedAddressError, createDial, type Target } from './guarded-connection.ts'
import { createHostResolver, type ResolveHost } from './resolve-host.ts'

type GuardedRequest = {
  url: string
  /** The subscription: calls of different owners never share a connection. */
  owner: string
  headers: Record<string, string>
  body: string
  /** Ends the call at any point, from the resolution of the host to the last byte of the answer. */
  signal: StopSignal
}

/** Names in lower case. A header that was sent several times has its values joined by commas. */
type AnswerHeaders = Readonly<Record<string, string | undefined>>

export type GuardedAnswer =
  /** `truncated`: the answer was longer than 64 KB, and `body` is its beginning. */
  | { outcome: 'answered'; status: number; headers: AnswerHeaders; body: Buffer; truncated: boolean }
  | { outcome: 'unreachable'; reason: string }
  | { outcome: 'blocked'; reason: string }

export type GuardedFetch = {
  /** Never rejects. */
  post(request: GuardedRequest): Promise<GuardedAnswer>
  /** Closes the idle connections. */
  close(): void
}

export type GuardedFetchDeps = {
  /** CIDRs of private networks that may be reached: WEBHOOK_ALLOW_NETWORKS. */
  allowNetworks: readonly string[]
  resolveHost?: ResolveHost
  connect?: (options: NetConnectOpts) => Socket
  ca?: string
  /** Open connections, besides one per owner. Default 2,000. */
  maxOpen?: number
}

export const MAX_ANSWER_BYTES = 65_536

type Attempt = { answer: GuardedAnswer; stale: boolean }

export function createGuardedFetch({
  allowNetworks,
  resolveHost,
  connect,
  ca,
  maxOpen,
}: GuardedFetchDeps): GuardedFetch {
  const guard = createAddressGuard(allowNetworks)
  const pool = createConnectionPool(
    createDial({ guard, resolveHost: resolveHost ?? createHostResolver(), connect: connect ?? connectTcp, ca }),
    maxOpen === undefined ? {} : { maxOpen },
  )
  const targetOf = createTargets(allowNetworks)
  return {
    async post(request) {
      const target = targetOf(request.url)
      if ('refusal' in target) return { outcome: 'blocked', reason: target.refusal }
      const first = await attempt(pool, request, { target, fresh: false })
      // The other side closed the idle connection as we used it: try once more on a new one.
      return first.stale ? (await attempt(pool, request, { target, fresh: true })).answer : first.answer
    },
    close: () => pool.close(),
  }
}

/** The size of the cache of parsed URLs. Beyond it the cache is cleared. */
const MAX_TARGETS = 1_000

/** Parses and checks each URL once. The addresses that its host resolves to are checked for every connection. */
function createTargets(allowNetworks: readonly string[]): (url: string) => Target | { refusal: string } {
  const known = new Map<string, Target | { refusal: string }>()
  return (url) => {
    const before = known.get(url)
    if (before) return before
    const refusal = checkWebhookUrl(url, allowNetworks)
    const target = refusal === undefined ? targetIn(new URL(url)) : { refusal }
    if (known.size >= MAX_TARGETS) known.clear()
    known.set(url, target)
    return target
  }
}

function targetIn(url: URL): Target {
  const isSecure = url.protocol === 'https:'
  const { hostname, port, path } = urlToHttpOptions(url)
  // Without the trailing dot of a fully qualified name: no certificate has it.
  const host = (hostname ?? '').replace(/\.$/, '')
  const origin = `${url.protocol}//${url.host.replace(/\.(?=:|$)/, '')}`
  return {
    origin,
    host,
    port: Number(port ?? (isSecure ? 443 : 80)),
    path: path ?? '/',
    hostHeader: url.host,
    isSecure,
  }
}

async function attempt(
  pool: ConnectionPool,
  { owner, headers, body, signal }: GuardedRequest,
  { target, fresh }: { target: Target; fresh: boolean },
): Promise<Attempt> {
  const connection = await pool.take(target, { owner, signal, fresh })
  if (connection === undefined) return { answer: endedBy(signal), stale: false }
  return new Promise((resolve) => {
    const settle = (answer: GuardedAnswer, stale = false) => {
      signal.removeEventListener('abort', onAbort)
      resolve({ answer, stale })
    }
    const onAbort = () => {
      settle(endedBy(signal))
      pool.discard(connection)
    }
    signal.addEventListener('abort', onAbort)
    connection.client.dispatch(
      { path: target.path, method: 'POST', headers: { ...headers, host: target.hostHeader }, body },
      createAnswerReader({ pool, connection, settle }),
    )
  })
}

type AnswerReaderDeps = {
  pool: ConnectionPool
  connection: Connection
  settle(answer: GuardedAnswer, stale?: boolean): void
}

/** Settles with the answer once it is complete or longer than 64 KB. A broken answer counts as none. */
function createAnswerReader({ pool, connection, settle }: AnswerReaderDeps): Dispatcher.DispatchHandler {
  let status = 0
  let hasBegun = false
  let headers: AnswerHeaders = {}
  const chunks: Buffer[] = []
  let bytes = 0
  let isFinished = false
  const finish = (truncated: boolean) => {
    if (isFinished) return
    isFinished = true
    settle({ outcome: 'answered', status, headers, body: Buffer.concat(chunks), truncated })
    // The rest of a truncated answer is not read, so its connection cannot be used again.
    if (truncated) pool.discard(connection)
    else pool.giveBack(connection)
  }
  return {
    onRequestStart() {},
    onResponseStarted() {
      hasBegun = true
    },
    onResponseStart(_controller, code, received) {
      // Informational (1xx): the answer follows.
      if (code < 200) return
      status = code
      headers = singleValues(received)
      if (Number(received['content-length'] ?? 0) > MAX_ANSWER_BYTES) finish(true)
    },
    onResponseData(_controller, chunk) {
      bytes += chunk.length
      if (bytes > MAX_ANSWER_BYTES) finish(true)
      else chunks.push(chunk)
    },
    onResponseEnd: () => finish(false),
    onResponseError(_controller, error) {
      pool.discard(connection)
      if (error instanceof BlockedAddressError) return settle({ outcome: 'blocked', reason: error.message })
      settle(
        { outcome: 'unreachable', reason: networkFailure(error) },
        connection.answers > 0 && !hasBegun && isReset(error),
      )
    },
  }
}

function singleValues(headers: NodeJS.Dict<string | string[]>): AnswerHeaders {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  )
}

function endedBy({ reason }: StopSignal): GuardedAnswer {
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return { outcome: 'unreachable', reason: isTimeout ? 'timeout' : 'interrupted' }
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE' || error.code === 'UND_ERR_SOCKET')
}
