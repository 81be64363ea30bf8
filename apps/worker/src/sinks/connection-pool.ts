// Owns: which connection a call to a webhook goes over: an idle one of the same subscription, the last used first, or a new one; and how
// many there are. What a connection may lead to is guarded-connection.ts' business.
import type { StopSignal } from '@wxgw/wechat-core'
import { Client, type buildConnector } from 'undici'
import type { Dial, Target } from './guarded-connection.ts'

export type Connection = {
  client: Client
  target: Target
  /** Whose it is; no other ever uses it: what a server sends unasked can only be taken for an answer to its own. */
  owner: string
  state: 'busy' | 'idle' | 'gone'
  /** Answers that were read to their end on the present line; with one, the other side may have closed it in silence. */
  answers: number
  /** Of the call that has it; ends the connecting. */
  signal: StopSignal
}

export type TakeOptions = { owner: string; signal: StopSignal; fresh: boolean }

export type ConnectionPool = {
  /** `fresh`: no idle one. undefined when the signal was aborted while it waited for one. */
  take(target: Target, options: TakeOptions): Promise<Connection | undefined>
  /** After the whole answer: it is kept for the next call. */
  giveBack(connection: Connection): void
  /** Ends it, whatever it is doing. */
  discard(connection: Connection): void
  close(): void
}

/** Idle ones are closed by then; a server's own `Keep-Alive: timeout=` is obeyed when shorter, a second before its time. */
const IDLE_MS = 15_000
const BEFORE_SERVER_CLOSES_MS = 1_000
/**
 * Of all owners together, idle and busy. Beyond it the idle one that was used longest ago is closed; when none is idle, an owner with a
 * busy one waits for one of its own, so that nobody waits for another and there are at most this many and one per owner.
 */
const MOST_OPEN = 2_000

type Own = { idle: Connection[]; busy: number; waiting: Set<() => void> }

export function createConnectionPool(dial: Dial, { mostOpen = MOST_OPEN } = {}): ConnectionPool {
  const owners = new Map<string, Own>()
  /** The one that was used longest ago first. */
  const idle = new Set<Connection>()
  let opened = 0
  let closed = false

  function ownOf(owner: string): Own {
    const own = owners.get(owner) ?? { idle: [], busy: 0, waiting: new Set() }
    owners.set(owner, own)
    return own
  }

  function open(target: Target, { owner, signal }: TakeOptions): Connection {
    const connect: buildConnector.connector = (_options, done) => {
      connection.answers = 0
      dial(target, connection.signal, done)
    }
    const client = new Client(target.origin, {
      connect,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      keepAliveTimeoutThreshold: BEFORE_SERVER_CLOSES_MS,
      // A call as a whole has a deadline.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    const connection: Connection = { client, target, owner, state: 'busy', answers: 0, signal }
    opened += 1
    ownOf(owner).busy += 1
    client.on('disconnect', () => {
      if (connection.state === 'idle') discard(connection)
    })
    return connection
  }

  function leave(connection: Connection, state: 'busy' | 'idle' | 'gone'): void {
    const { owner } = connection
    const own = ownOf(owner)
    if (connection.state === 'busy') own.busy -= 1
    if (connection.state === 'idle') {
      idle.delete(connection)
      own.idle.splice(own.idle.indexOf(connection), 1)
    }
    connection.state = state
    if (state === 'gone') forgetUnused(owner)
  }

  /** Whoever waits is still to be told, though the owner has no connection at the moment. */
  function forgetUnused(owner: string): void {
    const own = owners.get(owner)
    if (own && own.busy === 0 && own.idle.length === 0 && own.waiting.size === 0) owners.delete(owner)
  }

  /** Whoever waits for one of this owner's looks again. */
  function letNextGoOn(owner: string): void {
    const [next] = owners.get(owner)?.waiting ?? []
    next?.()
  }

  function discard(connection: Connection): void {
    if (connection.state === 'gone') return
    letNextGoOn(connection.owner)
    leave(connection, 'gone')
    opened -= 1
    void connection.client.destroy()
  }

  function oneOfItsOwn({ waiting }: Own, signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const goOn = () => {
        waiting.delete(goOn)
        signal.removeEventListener('abort', goOn)
        resolve()
      }
      waiting.add(goOn)
      signal.addEventListener('abort', goOn)
    })
  }

  return {
    async take(target, options) {
      const { owner, signal, fresh } = options
      while (!signal.aborted) {
        const own = ownOf(owner)
        const known = fresh ? undefined : own.idle.findLast((one) => one.target.origin === target.origin)
        if (known) {
          leave(known, 'busy')
          own.busy += 1
          known.signal = signal
          return known
        }
        const [longestIdle] = idle
        if (opened >= mostOpen && longestIdle) discard(longestIdle)
        if (opened < mostOpen || own.busy === 0) return open(target, options)
        await oneOfItsOwn(own, signal)
      }
      // What this one was told of is another's.
      letNextGoOn(owner)
      forgetUnused(owner)
      return undefined
    },
    giveBack(connection) {
      if (connection.state !== 'busy') return
      if (closed || opened > mostOpen) return discard(connection)
      connection.answers += 1
      leave(connection, 'idle')
      idle.add(connection)
      ownOf(connection.owner).idle.push(connection)
      letNextGoOn(connection.owner)
    },
    discard,
    close() {
      closed = true
      for (const connection of [...idle]) discard(connection)
    },
  }
}
