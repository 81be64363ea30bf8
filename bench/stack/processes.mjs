// Owns: the processes under measurement: started, asked whether they live, and none left behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const ALIVE_DEADLINE_MS = 20_000
const KEPT_OUTPUT = 4_000

const running = new Set()

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** `args` begins with the script, relative to the project's root, unless `command` names another program than Node. */
export function startProcess(name, { command = process.execPath, args, env = {} }) {
  const child = spawn(command, args, { cwd: ROOT, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT)
    })
  }
  child.once('exit', () => running.delete(child))
  return {
    name,
    pid: child.pid,
    async untilReady(isReady) {
      const deadline = Date.now() + ALIVE_DEADLINE_MS
      while (Date.now() < deadline && child.exitCode === null && child.signalCode === null) {
        if (await isReady()) return
        await delay(30)
      }
      throw new Error(`${name} did not start:\n${output}`)
    },
    async stop(signal = 'SIGKILL') {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await once(child, 'exit')
    },
  }
}

export function answersOk(url) {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  )
}

/** Without a request: not every server survives one that is no push. */
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
