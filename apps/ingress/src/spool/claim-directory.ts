// Owns: which directories under SPOOL_DIR are this process' own. Several processes of one machine may share SPOOL_DIR.
import { once } from 'node:events'
import { mkdir, readdir, unlink } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join, relative } from 'node:path'
import { SEGMENT_SUFFIX } from './journal.ts'

export type Claimed = { dir: string; release(): Promise<void> }

const MAX_PROCESSES = 64
const SLOT = /^\d{2}$/
/** Linux accepts 107, macOS 103. A longer path is cut off, not refused, and two directories would share one lock. */
const MAX_SOCKET_PATH_BYTES = 103

/**
 * `own`: the first free directory, for new pushes. `left`: all others with pushes of dead processes. A lock ends with
 * its process. Empty directories are not locked, so that the next process can use one.
 */
export async function claimDirectories(root: string): Promise<{ own: Claimed; left: Claimed[] }> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const own = await claimFirstFree(root)
  const left: Claimed[] = []
  for (const name of (await readdir(root)).filter((entry) => SLOT.test(entry))) {
    const dir = join(root, name)
    if (dir === own.dir || !(await holdsPushes(dir))) continue
    const claimed = await claim(dir)
    if (claimed) left.push(claimed)
  }
  return { own, left }
}

async function holdsPushes(dir: string): Promise<boolean> {
  return (await readdir(dir, { recursive: true })).some((name) => name.endsWith(SEGMENT_SUFFIX))
}

async function claimFirstFree(root: string): Promise<Claimed> {
  for (let slot = 0; slot < MAX_PROCESSES; slot += 1) {
    const claimed = await claim(join(root, String(slot).padStart(2, '0')))
    if (claimed) return claimed
  }
  throw new Error(`SPOOL_DIR is used by ${MAX_PROCESSES} processes already`)
}

/** The lock is a listening socket: unlike a file, it ends with its process. */
async function claim(dir: string): Promise<Claimed | undefined> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = shorter(join(dir, 'lock'))
  const tooLong = Buffer.byteLength(path) - MAX_SOCKET_PATH_BYTES
  if (tooLong > 0) throw new Error(`the path of SPOOL_DIR is ${tooLong} bytes too long for a socket in it`)
  let server = await listen(path)
  if (!server && !(await isAlive(path))) {
    await unlink(path)
    server = await listen(path)
  }
  if (!server) return undefined
  const held = server
  held.unref()
  return {
    dir,
    async release() {
      held.close()
      await once(held, 'close')
    },
  }
}

async function listen(path: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy())
  // Exclusive: processes of one cluster would otherwise share the socket, and with it the directory.
  server.listen({ path, exclusive: true })
  try {
    await once(server, 'listening')
    return server
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
    throw error
  }
}

async function isAlive(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    // No process listens: a killed one has left the file.
    return false
  } finally {
    socket.destroy()
  }
}

function shorter(path: string): string {
  const fromHere = relative(process.cwd(), path)
  return fromHere.length < path.length ? fromHere : path
}
