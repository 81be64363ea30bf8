// Owns: the one way out to addresses that subscribers choose. POST only; no redirect, no decompression, no cookie, no proxy
// from the environment; the whole call ends with the caller's signal, the answer after 64 KB. Over node:http rather than got:
// the check of the connected socket has to come before the first byte, and a kept-alive request costs a third.
import { checkWebhookUrl, createAddressGuard } from '@wxgw/runtime'
import { type IncomingHttpHeaders, type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect as connectTcp, type NetConnectOpts, type Socket } from 'node:net'
import { urlToHttpOptions } from 'node:url'
import { networkFailure } from './failure-reason.ts'
import { BlockedAddressError, type ConnectionOptions, createGuardedAgents, type GuardedAgents } from './guarded-connection.ts'
import { createHostResolver, type ResolveHost } from './resolve-host.ts'

export type GuardedRequest = {
  url: string
  headers: Record<string, string>
  body: string
  /** Ends the call wherever it is, from the name's resolution to the answer's last byte. */
  signal: AbortSignal
}

export type GuardedAnswer =
  /** `truncated`: there was more than 64 KB; what is in `body` is its beginning. */
  | { outcome: 'answered'; status: number; headers: IncomingHttpHeaders; body: Buffer; truncated: boolean }
  | { outcome: 'unreachable'; reason: string }
  | { outcome: 'blocked'; reason: string }

export type GuardedFetch = {
  /** Never rejects. */
  post(request: GuardedRequest): Promise<GuardedAnswer>
  /** Closes the idle connections. */
  close(): void
}

export type GuardedFetchDeps = {
  /** CIDRs that may be reached although private: WEBHOOK_ALLOW_NETWORKS. */
  allowNetworks: readonly string[]
  resolveHost?: ResolveHost
  connect?: (options: NetConnectOpts) => Socket
  ca?: string
}

export const MAX_ANSWER_BYTES = 65_536

type Attempt = { answer: GuardedAnswer; stale: boolean }

export function createGuardedFetch({ allowNetworks, resolveHost, connect, ca }: GuardedFetchDeps): GuardedFetch {
  const deps = {
    guard: createAddressGuard(allowNetworks),
    resolveHost: resolveHost ?? createHostResolver(),
    connect: connect ?? connectTcp,
    ca,
  }
  const targetOf = createTargets(allowNetworks)
  const kept = createGuardedAgents(deps, { keepAlive: true })
  const single = createGuardedAgents(deps, { keepAlive: false })
  return {
    async post(request) {
      const target = targetOf(request.url)
      if ('refusal' in target) return { outcome: 'blocked', reason: target.refusal }
      const first = await attempt(request, target, kept)
      // The other side closed an idle connection in the moment we used it: that is no failure of the consumer.
      return first.stale ? (await attempt(request, target, single)).answer : first.answer
    },
    close() {
      kept.http.destroy()
      kept.https.destroy()
    },
  }
}

/** What a URL says, of which nothing changes from one request to the next. */
type Target = Readonly<{ protocol: string; host: string; port: string | number; path: string; hostHeader: string; isSecure: boolean }>

/** Beyond so many URLs all are judged anew. */
const MOST_TARGETS = 1_000

/** Judges and takes apart each URL once; what its name resolves to is judged for every connection. */
function createTargets(allowNetworks: readonly string[]): (url: string) => Target | { refusal: string } {
  const known = new Map<string, Target | { refusal: string }>()
  return (url) => {
    const before = known.get(url)
    if (before) return before
    const refusal = checkWebhookUrl(url, allowNetworks)
    const target = refusal === undefined ? targetIn(new URL(url)) : { refusal }
    if (known.size >= MOST_TARGETS) known.clear()
    known.set(url, target)
    return target
  }
}

function targetIn(url: URL): Target {
  const isSecure = url.protocol === 'https:'
  const { hostname, port, path } = urlToHttpOptions(url)
  return {
    protocol: url.protocol,
    // Without the last dot of a fully qualified name: no certificate has it.
    host: (hostname ?? '').replace(/\.$/, ''),
    port: port ?? (isSecure ? 443 : 80),
    path: path ?? '/',
    hostHeader: url.host,
    isSecure,
  }
}

function attempt({ headers, body, signal }: GuardedRequest, target: Target, agents: GuardedAgents): Promise<Attempt> {
  return new Promise((resolve) => {
    const { protocol, host, port, path, hostHeader, isSecure } = target
    const options: RequestOptions & ConnectionOptions = {
      protocol,
      host,
      port,
      path,
      method: 'POST',
      headers: { ...headers, host: hostHeader, 'content-length': String(Buffer.byteLength(body)) },
      agent: isSecure ? agents.https : agents.http,
      connectSignal: signal,
    }
    const request = isSecure ? requestHttps(options) : requestHttp(options)
    let answered = false

    const settle = (answer: GuardedAnswer, stale = false) => {
      signal.removeEventListener('abort', onAbort)
      resolve({ answer, stale })
    }
    const onAbort = () => {
      settle({ outcome: 'unreachable', reason: isTimeout(signal.reason) ? 'timeout' : 'interrupted' })
      request.destroy()
    }
    request.on('error', (error) => {
      if (error instanceof BlockedAddressError) return settle({ outcome: 'blocked', reason: error.message })
      settle({ outcome: 'unreachable', reason: networkFailure(error) }, request.reusedSocket && !answered && isReset(error))
    })
    request.on('response', (response) => {
      answered = true
      readAnswer(response, settle)
    })
    if (signal.aborted) return onAbort()
    signal.addEventListener('abort', onAbort)
    request.end(body)
  })
}

/** Settles with the answer once it is complete or has grown beyond the cap; a broken one is as good as none. */
function readAnswer(response: IncomingMessage, settle: (answer: GuardedAnswer) => void): void {
  const { statusCode = 0, headers } = response
  const chunks: Buffer[] = []
  let bytes = 0
  const finish = (truncated: boolean) => {
    settle({ outcome: 'answered', status: statusCode, headers, body: Buffer.concat(chunks), truncated })
    // The rest is not read, so the connection is of no further use.
    if (truncated) response.destroy()
  }
  if (Number(headers['content-length'] ?? 0) > MAX_ANSWER_BYTES) return finish(true)
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) return finish(true)
    chunks.push(chunk)
  })
  response.on('end', () => finish(false))
  response.on('error', (error) => settle({ outcome: 'unreachable', reason: networkFailure(error) }))
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError'
}

function isReset(error: Error): boolean {
  return 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}
