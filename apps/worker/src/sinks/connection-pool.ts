// Owns: the pool of connections to webhooks, and its size. A call gets an idle connection of the same subscription,
// the most recently used one, or a new one. guarded-connection.ts checks where a connection leads.
import type { StopSignal } from '@wxgw/wechat-core'
import { Client, type buildConnector } from 'undici'
import type { Dial, Target } from './guarded-connection.ts'

export type Connection = {
  client: Client
  target: Target
  /** The only owner that uses it: a server that sends an answer unasked can only confuse its own deliveries. */
  owner: string
  state: 'busy' | 'idle' | 'gone'
  /** Complete answers since it was connected. After the first, the server may close it at any time. */
  answers: number
  /** The signal of the call that uses it. It also ends the connecting. */
  signal: StopSignal
}

type TakeOptions = { owner: string; signal: StopSignal; fresh: boolean }

export type ConnectionPool = {
  /** `fresh`: never an idle one. undefined when the signal was aborted while the call waited. */
  take(target: Target, options: TakeOptions): Promise<Connection | undefined>
  /** Call it after the whole answer: the connection is kept for the next call. */
  giveBack(connection: Connection): void
  /** Closes it, even while it is busy. */
  discard(connection: Connection): void
  close(): void
}

/** An idle connection is closed after this time, or one second before the server's own `Keep-Alive: timeout=`. */
const IDLE_MS = 15_000
const BEFORE_SERVER_CLOSES_MS = 1_000
/**
 * Open connections of all owners together, idle and busy. Beyond it the least recently used idle one is closed. When
 * none is idle, an owner that has a busy one waits for one of its own; any other owner still opens one. So no owner
 * waits for another, and there are at most this many connections and one per owner.
 */
const MAX_OPEN = 2_000

type Own = { idle: Connection[]; busy: number; waiting: Set<() => void> }

export function createConnectionPool(dial: Dial, { maxOpen = MAX_OPEN } = {}): ConnectionPool {
  const owners = new Map<string, Own>()
  /** The least recently used first. */
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
      // The call as a whole has a deadline.
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

  /** An owner without a connection is kept while a call of its waits. */
  function forgetUnused(owner: string): void {
    const own = owners.get(owner)
    if (own && own.busy === 0 && own.idle.length === 0 && own.waiting.size === 0) owners.delete(owner)
  }

  /** Wakes the next call that waits for a connection of this owner. It tries again. */
  function wakeNext(owner: string): void {
    const [next] = owners.get(owner)?.waiting ?? []
    next?.()
  }

  function discard(connection: Connection): void {
    if (connection.state === 'gone') return
    wakeNext(connection.owner)
    leave(connection, 'gone')
    opened -= 1
    void connection.client.destroy()
  }

  function oneOfItsOwn({ waiting }: Own, signal: StopSignal): Promise<void> {
    return new Promise((resolve) => {
      const resume = () => {
        waiting.delete(resume)
        signal.removeEventListener('abort', resume)
        resolve()
      }
      waiting.add(resume)
      signal.addEventListener('abort', resume)
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
        if (opened >= maxOpen && longestIdle) discard(longestIdle)
        if (opened < maxOpen || own.busy === 0) return open(target, options)
        await oneOfItsOwn(own, signal)
      }
      // Wakes another call: this one does not use the connection.
      wakeNext(owner)
      forgetUnused(owner)
      return undefined
    },
    giveBack(connection) {
      if (connection.state !== 'busy') return
      if (closed || opened > maxOpen) return discard(connection)
      connection.answers += 1
      leave(connection, 'idle')
      idle.add(connection)
      ownOf(connection.owner).idle.push(connection)
      wakeNext(connection.owner)
    },
    discard,
    close() {
      closed = true
      for (const connection of [...idle]) discard(connection)
    },
  }
}
