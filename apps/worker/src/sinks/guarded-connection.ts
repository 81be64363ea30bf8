// Owns: connections whose address is checked before a byte is sent: each resolved address, and the address that the
// socket is connected to. The caller has checked the URL's host.
import type { AddressGuard } from '@wxgw/runtime'
import type { StopSignal } from '@wxgw/wechat-core'
import { isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ResolveHost } from './resolve-host.ts'

type ConnectionDeps = {
  guard: AddressGuard
  resolveHost: ResolveHost
  /** node:net's connect. */
  connect(options: NetConnectOpts): Socket
  /** PEM of certificate authorities to trust instead of Node's own. */
  ca: string | undefined
}

/** The parts of a URL that are the same for each request to it. */
export type Target = Readonly<{
  origin: string
  host: string
  port: number
  path: string
  hostHeader: string
  isSecure: boolean
}>

/** Calls back once, with a connected socket or an error. `signal` ends the connecting. */
export type Dial = (target: Target, signal: StopSignal, done: DialDone) => void
type DialDone = (...outcome: [error: Error, socket: null] | [error: null, socket: Socket]) => void

/** The guard refused the address. `message` is the guard's reason, without the address. */
export class BlockedAddressError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'BlockedAddressError'
  }
}

/** The wait before the next address of a host is tried. Node's 250 ms is less than a round trip between continents. */
const NEXT_ADDRESS_AFTER_MS = 1_500

export function createDial(deps: ConnectionDeps): Dial {
  return (target, signal, done) => (target.isSecure ? openTls : openTcp)(deps, { target, signal }, done)
}

type Dialled = { target: Target; signal: StopSignal }

function openTls(deps: ConnectionDeps, dialled: Dialled, done: DialDone): void {
  openTcp(deps, dialled, (error, tcp) => {
    if (error) return done(error, null)
    const {
      target: { host },
      signal,
    } = dialled
    const secure = connectTls({
      socket: tcp,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      // Set here so that NODE_TLS_REJECT_UNAUTHORIZED cannot switch it off.
      rejectUnauthorized: true,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    })
    settleOnce(secure, { upEvent: 'secureConnect', signal }, done)
  })
}

function openTcp(deps: ConnectionDeps, { target: { host, port }, signal }: Dialled, done: DialDone): void {
  const connecting = deps.connect({
    host,
    port,
    lookup: guardedLookup(deps),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER_MS,
    noDelay: true,
  })
  settleOnce(connecting, { upEvent: 'connect', signal }, (error, socket) => {
    if (error) return done(error, null)
    const refusal = socket.remoteAddress === undefined ? 'unknown address' : deps.guard(socket.remoteAddress)
    if (refusal === undefined) return done(null, socket)
    const blocked = new BlockedAddressError(refusal)
    socket.destroy()
    done(blocked, null)
  })
}

type Connecting = { upEvent: 'connect' | 'secureConnect'; signal: StopSignal }

/** Calls back with the socket once it is up, or with the error. Removes its listeners. */
function settleOnce(socket: Socket, { upEvent, signal }: Connecting, done: DialDone): void {
  const leave = () => {
    socket.off(upEvent, onUp).off('error', onError).off('close', onClose)
    signal.removeEventListener('abort', onAbort)
  }
  const onUp = () => {
    leave()
    done(null, socket)
  }
  const onError = (error: Error) => {
    leave()
    socket.on('error', () => {
      // The socket has been given up: later errors of it are ignored.
    })
    socket.destroy()
    done(error, null)
  }
  const onClose = () => onError(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }))
  const onAbort = () => onError(Object.assign(new Error('given up while connecting'), { code: 'ETIMEDOUT' }))
  socket.on(upEvent, onUp).on('error', onError).on('close', onClose)
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
}

/** The socket connects to the address that was checked here, not to the answer of a second DNS query. */
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
