// Owns: connections that were checked before a byte is sent: the URL's host by whoever asks, each resolved address here,
// and the address the socket is really connected to. Pooled per host and apart from the client for WeChat.
import type { AddressGuard } from '@wxgw/runtime'
import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { ResolveHost } from './resolve-host.ts'

export type ConnectionDeps = {
  guard: AddressGuard
  resolveHost: ResolveHost
  /** node:net's connect. */
  connect(options: NetConnectOpts): Socket
  /** PEM of certificate authorities to trust instead of Node's own. */
  ca: string | undefined
}

/** The guard said no; `message` is its reason and holds nothing else. */
export class BlockedAddressError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'BlockedAddressError'
  }
}

/** Ends the connecting, not the connection: that may serve other requests later. */
export type ConnectionOptions = ClientRequestArgs & { connectSignal: AbortSignal }

/** Idle ones are closed by then; a server's own `Keep-Alive: timeout=` is obeyed when shorter. */
const IDLE_SOCKET_MS = 15_000
const IDLE_SOCKETS_PER_HOST = 32
/** Before the next address of the same name is tried. Node's 250 ms is less than a round trip between continents. */
const NEXT_ADDRESS_AFTER_MS = 1_500

type Done = (error: Error | null, socket?: Duplex) => void

export type GuardedAgents = { http: HttpAgent; https: HttpsAgent }

/**
 * A pair of agents whose every connection is checked. Connections in use are bounded by the number of deliveries in
 * flight (per subscription, so that one cannot take another's), idle ones here.
 */
export function createGuardedAgents(deps: ConnectionDeps, { keepAlive }: { keepAlive: boolean }): GuardedAgents {
  const options = { keepAlive, maxFreeSockets: IDLE_SOCKETS_PER_HOST, timeout: IDLE_SOCKET_MS, scheduling: 'lifo' as const }
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  agents.http.createConnection = (target, done) => void openTcp(deps, target, toDone(done))
  agents.https.createConnection = (target, done) => void openTls(deps, target, toDone(done))
  return agents
}

/** Node's type has a stream beside the error, too; on an error it never reads it. */
function toDone(callback: ((error: Error | null, stream: Duplex) => void) | undefined): Done {
  const answer = callback as Done | undefined
  return (error, socket) => answer?.(error, socket)
}

function openTls(deps: ConnectionDeps, target: ClientRequestArgs, done: Done): void {
  openTcp(deps, target, (error, tcp) => {
    if (error || !tcp) return done(error)
    const host = target.host ?? ''
    const secure = connectTls({
      socket: tcp,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      // Said here because NODE_TLS_REJECT_UNAUTHORIZED must not switch it off.
      rejectUnauthorized: true,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    })
    settleOnce(secure, 'secureConnect', signalOf(target), done)
  })
}

function openTcp(deps: ConnectionDeps, target: ClientRequestArgs, done: Done): void {
  const socket = deps.connect({
    host: target.host ?? '',
    port: Number(target.port),
    lookup: guardedLookup(deps),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    noDelay: true,
  })
  settleOnce(socket, 'connect', signalOf(target), (error) => {
    if (error) return done(error)
    const refusal = socket.remoteAddress === undefined ? 'unknown address' : deps.guard(socket.remoteAddress)
    if (refusal === undefined) return done(null, socket)
    const blocked = new BlockedAddressError(refusal)
    socket.destroy()
    done(blocked)
  })
}

/** Gives over the socket once it is up, or the error that ended it before. Leaves no listener behind. */
function settleOnce(socket: Socket, upEvent: 'connect' | 'secureConnect', signal: AbortSignal | undefined, done: Done): void {
  const settle = (error: Error | null) => {
    socket.off(upEvent, onUp).off('error', settle).off('close', onClose)
    signal?.removeEventListener('abort', onAbort)
    if (error) {
      socket.on('error', () => {
        // It has been given up; what else befalls it says nothing new.
      })
      socket.destroy()
    }
    done(error, socket)
  }
  const onUp = () => settle(null)
  const onClose = () => settle(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }))
  const onAbort = () => settle(Object.assign(new Error('given up while connecting'), { code: 'ETIMEDOUT' }))
  socket.on(upEvent, onUp).on('error', settle).on('close', onClose)
  signal?.addEventListener('abort', onAbort)
  if (signal?.aborted) onAbort()
}

function signalOf(target: ClientRequestArgs): AbortSignal | undefined {
  return 'connectSignal' in target && target.connectSignal instanceof AbortSignal ? target.connectSignal : undefined
}

/** The socket connects to what is checked here, not to what a second query might answer. */
function guardedLookup({ guard, resolveHost }: ConnectionDeps): LookupFunction {
  return (hostname, options, callback) => {
    const answer = async () => {
      const addresses = await resolveHost(hostname)
      const open = addresses.filter(({ address }) => guard(address) === undefined)
      const [first] = open
      if (first) return { first, open }
      const [refused] = addresses
      throw new BlockedAddressError((refused && guard(refused.address)) ?? 'no address')
    }
    answer().then(
      ({ first, open }) => (options.all ? callback(null, open) : callback(null, first.address, first.family)),
      (error: unknown) => callback(error instanceof Error ? error : new Error('name not resolved'), ''),
    )
  }
}
