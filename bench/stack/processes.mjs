// Owns: the measured servers other than the gateway: starting them, waiting until they answer, and ending all of them
// on a signal.
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../../test/dist/helpers/process.js'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const ALIVE_DEADLINE_MS = 20_000

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** `args`: the script, relative to the project's root, and its arguments. Resolves when `isReady` does. */
export async function startServer(name, { args, env = {}, isReady }) {
  const server = startProgram(process.execPath, args, env)
  const { child } = server
  const deadline = Date.now() + ALIVE_DEADLINE_MS
  while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
    if (await isReady()) return { name, pid: child.pid, stop: () => server.end('SIGKILL') }
    await delay(30)
  }
  throw new Error(`${name} did not start:\n${server.output()}`)
}

export function answersOk(url) {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  )
}

/** Connects without a request: not every server survives a request that is no push. */
export function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    const end = (isListening) => {
      socket.destroy()
      resolve(isListening)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}
