// Owns: a wire that can be cut in every way a real one is. Knows nothing of what is said over it.
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export type TcpProxy = {
  port: number
  pass(): void
  /** Connections end with a reset, old and new. */
  refuse(): void
  /** Nothing arrives any more, and nobody is told. Connections of this time stay dead after `pass`: routers forget them, too. */
  blackHole(): void
  /** Each chunk arrives this much later, in both directions; after it, none overtakes those that are still under way. */
  slow(delayMs: number): void
  /** How many chunks are. */
  underWay(): number
  /** The next `count` requests are executed, their replies never arrive, and the connections end. */
  dropReplies(count: number): void
  /** How many replies have been dropped. */
  dropped(): number
  close(): Promise<void>
}

type Mode = { kind: 'pass' } | { kind: 'refuse' } | { kind: 'black-hole' } | { kind: 'slow'; delayMs: number }
type Wire = { client: Socket; upstream: Socket | undefined; isDead: boolean }
type Late = { chunk: Buffer; dueAtMs: number }

export async function startTcpProxy(target: { port: number }): Promise<TcpProxy> {
  const wires = new Set<Wire>()
  /** By whom they are for; nobody stands here for whom none is under way. */
  const lateOnes = new Map<Socket, Late[]>()
  let mode: Mode = { kind: 'pass' }
  let toDrop = 0
  let dropped = 0

  const server = createServer({ noDelay: true }, (client) => {
    const wire: Wire = { client, upstream: undefined, isDead: mode.kind === 'black-hole' }
    wires.add(wire)
    client.on('error', () => client.destroy())
    client.once('close', () => {
      wires.delete(wire)
      wire.upstream?.destroy()
    })
    if (mode.kind === 'refuse') client.resetAndDestroy()
    else if (wire.isDead) client.resume()
    else wire.upstream = joined(wire)
  })

  function joined(wire: Wire): Socket {
    const { client } = wire
    const upstream = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
    upstream.on('error', () => client.destroy())
    upstream.once('close', () => {
      if (!wire.isDead) client.destroy()
    })
    client.on('data', (chunk) => carry(wire, chunk, upstream))
    upstream.on('data', (chunk) => {
      if (toDrop > 0 && !wire.isDead) {
        toDrop -= 1
        dropped += 1
        client.destroy()
      } else carry(wire, chunk, client)
    })
    return upstream
  }

  function carry(wire: Wire, chunk: Buffer, to: Socket): void {
    const delayMs = mode.kind === 'slow' ? mode.delayMs : 0
    const others = lateOnes.get(to)
    if (others === undefined && delayMs === 0) return write(wire, chunk, to)
    const late = others ?? []
    late.push({ chunk, dueAtMs: performance.now() + delayMs })
    if (others !== undefined) return
    lateOnes.set(to, late)
    void arriveInOrder(wire, late, to)
  }

  async function arriveInOrder(wire: Wire, late: Late[], to: Socket): Promise<void> {
    for (let [first] = late; first !== undefined; [first] = late) {
      await delay(Math.max(first.dueAtMs - performance.now(), 0))
      write(wire, first.chunk, to)
      late.shift()
    }
    lateOnes.delete(to)
  }

  function write({ isDead }: Wire, chunk: Buffer, to: Socket): void {
    if (!isDead && !to.destroyed) to.write(chunk)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server),
    pass: () => {
      mode = { kind: 'pass' }
    },
    refuse: () => {
      mode = { kind: 'refuse' }
      for (const { client } of wires) client.resetAndDestroy()
    },
    blackHole: () => {
      mode = { kind: 'black-hole' }
      for (const wire of wires) wire.isDead = true
    },
    slow: (delayMs) => {
      mode = { kind: 'slow', delayMs }
    },
    underWay: () => [...lateOnes.values()].flat().length,
    dropReplies: (count) => {
      toDrop = count
    },
    dropped: () => dropped,
    async close() {
      for (const { client } of wires) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP address')
  return address.port
}
