// Owns: handing out TCP ports on the loopback that nobody else uses: no other program that takes its ports here, and not the system.
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:net'

// Below the range from which the system takes ports for connections and for listeners on port 0.
const LOWEST = 10_000
const HIGHEST = 32_000
/** A block belongs to the process that listens on its first port; the kernel gives it back when that process ends. */
const BLOCK = 50

let next = 0
let end = 0
let claiming: Promise<void> | undefined

/** `wanted` when nobody listens on it, else a port of this process's own block. */
export async function freePort(wanted?: number): Promise<number> {
  if (wanted !== undefined && (await isFree(wanted))) return wanted
  for (;;) {
    while (next === end) await (claiming ??= claimBlock().finally(() => (claiming = undefined)))
    const port = next
    next += 1
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = await listen(port)
  if (!probe) return false
  probe.close()
  await once(probe, 'close')
  return true
}

async function claimBlock(): Promise<void> {
  for (;;) {
    const first = LOWEST + BLOCK * randomInt((HIGHEST - LOWEST) / BLOCK)
    const guard = await listen(first)
    if (!guard) continue
    guard.unref()
    next = first + 1
    end = first + BLOCK
    return
  }
}

/** Undefined when somebody listens there already. */
async function listen(port: number): Promise<Server | undefined> {
  const server = createServer()
  const listening = once(server, 'listening')
  server.listen({ port, host: '127.0.0.1' })
  try {
    await listening
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}
