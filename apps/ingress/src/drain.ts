// Owns: taking a listener out of service without failing a request. main.ts handles signals and the order of the
// listeners.
import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'

/** Load balancers and kept-alive clients need this long to notice; supervisors usually wait 30 s. */
const DEFAULT_GRACE_MS = 1500

/** Closes idle connections that got no `Connection: close`: they would keep the listener open until their time-out. */
const REAP_INTERVAL_MS = 100

// Keyed by Node's server, which all encapsulated Fastify instances share.
const draining = new WeakSet<Server>()
const closings = new WeakMap<Server, Promise<void>>()

type Drainable = Pick<FastifyInstance, 'server' | 'close'>

export function isDraining({ server }: Pick<Drainable, 'server'>): boolean {
  return draining.has(server)
}

/**
 * For `graceMs` everything is still served, but /readyz answers 503 and every answer has `Connection: close`. Then no
 * new connections are accepted, and running requests finish. Resolves when all connections are closed; a repeated call
 * gets the same promise.
 */
export function drain(listener: Drainable, { graceMs = DEFAULT_GRACE_MS }: { graceMs?: number } = {}): Promise<void> {
  const { server } = listener
  const known = closings.get(server)
  if (known) return known
  draining.add(server)
  const closing = delay(graceMs).then(() => closeWithIdleConnections(listener))
  closings.set(server, closing)
  return closing
}

async function closeWithIdleConnections(listener: Drainable): Promise<void> {
  const reaper = setInterval(() => listener.server.closeIdleConnections(), REAP_INTERVAL_MS)
  try {
    await listener.close()
  } finally {
    clearInterval(reaper)
  }
}
