// Owns: which connection a call to a webhook goes over: an idle one, the last used first, or a new one. What a connection may
// lead to is guarded-connection.ts' business.
import type { StopSignal } from '@wxgw/wechat-core'
import { Client, type buildConnector } from 'undici'
import type { Dial, Target } from './guarded-connection.ts'

export type Connection = {
  client: Client
  target: Target
  /** Answers that were read to their end on the present line; with one, the other side may have closed it in silence. */
  answers: number
  /** Of the call that has it; ends the connecting. */
  signal: StopSignal
}

export type ConnectionPool = {
  /** Connections in use are bounded by the deliveries in flight, per subscription, so that one cannot take another's. */
  take(target: Target, signal: StopSignal, options: { fresh: boolean }): Connection
  /** After the whole answer: it is kept for the next call. */
  giveBack(connection: Connection): void
  /** Ends it, whatever it is doing. */
  discard(connection: Connection): void
  close(): void
}

/** Idle ones are closed by then; a server's own `Keep-Alive: timeout=` is obeyed when shorter, a second before its time. */
const IDLE_MS = 15_000
const BEFORE_SERVER_CLOSES_MS = 1_000
/** As many as one subscription has in use at its busiest: a hundred where it replies, and else 35. Several may lead to one origin. */
const IDLE_PER_ORIGIN = 128

export function createConnectionPool(dial: Dial): ConnectionPool {
  const idle = new Map<string, Connection[]>()
  let closed = false

  function open(target: Target, signal: StopSignal): Connection {
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
    const connection: Connection = { client, target, answers: 0, signal }
    client.on('disconnect', () => {
      if (forget(connection)) discard(connection)
    })
    return connection
  }

  /** Was it idle? */
  function forget(connection: Connection): boolean {
    const { origin } = connection.target
    const others = idle.get(origin)
    const at = others?.indexOf(connection) ?? -1
    if (others === undefined || at === -1) return false
    others.splice(at, 1)
    if (others.length === 0) idle.delete(origin)
    return true
  }

  function discard({ client }: Connection): void {
    void client.destroy()
  }

  return {
    take(target, signal, { fresh }) {
      const known = fresh ? undefined : idle.get(target.origin)?.at(-1)
      if (known === undefined) return open(target, signal)
      forget(known)
      known.signal = signal
      return known
    },
    giveBack(connection) {
      const { origin } = connection.target
      const others = idle.get(origin) ?? []
      if (closed || others.length >= IDLE_PER_ORIGIN) return discard(connection)
      connection.answers += 1
      others.push(connection)
      idle.set(origin, others)
    },
    discard,
    close() {
      closed = true
      for (const connection of [...idle.values()].flat()) discard(connection)
      idle.clear()
    },
  }
}
