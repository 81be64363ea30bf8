// Owns: connections that were checked before a byte is sent: the URL's host by whoever asks, each resolved address here,
// and the address the socket is really connected to.
import type { AddressGuard } from '@wxgw/runtime'
import type { StopSignal } from '@wxgw/wechat-core'
import { isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net'
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

/** What a URL says, of which nothing changes from one request to the next. */
export type Target = Readonly<{
  origin: string
  host: string
  port: number
  path: string
  hostHeader: string
  isSecure: boolean
}>

/** Calls back once, with a socket that may be written to, or with why there is none. `signal` ends it. */
export type Dial = (target: Target, signal: StopSignal, done: DialDone) => void
type DialDone = (...outcome: [error: Error, socket: null] | [error: null, socket: Socket]) => void

/** The guard said no; `message` is its reason and holds nothing else. */
export class BlockedAddressError extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'BlockedAddressError'
  }
}

/** Before the next address of the same name is tried. Node's 250 ms is less than a round trip between continents. */
const NEXT_ADDRESS_AFTER_MS = 1_500

export function createDial(deps: ConnectionDeps): Dial {
  return (target, signal, done) => (target.isSecure ? openTls : openTcp)(deps, { target, signal }, done)
}

type Dialled = { target: Target; signal: StopSignal }

function openTls(deps: ConnectionDeps, dialled: Dialled, done: DialDone): void {
  openTcp(deps, dialled, (error, tcp) => {
    if (error) return done(error, null)
    const { target: { host }, signal } = dialled
    const secure = connectTls({
      socket: tcp,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      // Said here because NODE_TLS_REJECT_UNAUTHORIZED must not switch it off.
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

/** Gives over the socket once it is up, or the error that ended it before. Leaves no listener behind. */
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
      // It has been given up; what else befalls it says nothing new.
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
