// Owns: the processes of the demo: started in order, their output kept, none left behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT } from '../run-command.mjs'

const ALIVE_DEADLINE_MS = 30_000
const END_DEADLINE_MS = 10_000

/** The port itself when nobody listens on it, else a free one. */
export async function freePort(wanted) {
  for (const port of [wanted, 0]) {
    const server = createServer()
    const listening = once(server, 'listening')
    server.listen(port, '127.0.0.1')
    try {
      await listening
    } catch (error) {
      if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
      continue
    }
    const free = server.address().port
    server.close()
    await once(server, 'close')
    return free
  }
  throw new Error('no free port')
}

export function createProcesses() {
  const running = []

  /** `script` is relative to the project's root. `onLine` hears each line of its stdout. */
  function start(name, { script, env, onLine = () => {} }) {
    const child = spawn(process.execPath, [script], { cwd: ROOT, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    let rest = ''
    child.stdout.on('data', (chunk) => {
      output.push(chunk.toString())
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) onLine(line)
    })
    child.stderr.on('data', (chunk) => output.push(chunk.toString()))
    const started = { name, child, output }
    running.push(started)
    return started
  }

  async function untilAlive({ name, child, output }, url) {
    const deadline = Date.now() + ALIVE_DEADLINE_MS
    while (Date.now() < deadline) {
      if (child.exitCode !== null) break
      if (await fetch(url).then((answer) => answer.ok, () => false)) return
      await delay(50)
    }
    throw new Error(`${name} did not start:\n${output.join('').slice(-2000)}`)
  }

  async function untilListening({ name, child, output }, port) {
    const deadline = Date.now() + ALIVE_DEADLINE_MS
    while (Date.now() < deadline && child.exitCode === null) {
      if (await accepts(port)) return
      await delay(50)
    }
    throw new Error(`${name} did not start:\n${output.join('').slice(-2000)}`)
  }

  /** The last started first; whoever does not end in time is killed. */
  async function stopAll() {
    for (const { child } of running.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), END_DEADLINE_MS)
      await ended
      clearTimeout(killer)
    }
  }

  return { start, untilAlive, untilListening, stopAll, logs: () => running.map(({ name, output }) => `--- ${name}\n${output.join('').slice(-3000)}`).join('\n') }
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
