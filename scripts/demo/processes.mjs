// Owns: the processes of the demo: started in order, their output kept, none left behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { waitFor } from '../patience.mjs'
import { ROOT } from '../run-command.mjs'

/** Longer than a process gives itself to drain. */
const KILL_AFTER_MS = 40_000

export function createProcesses() {
  const running = []
  let outputBytes = 0

  /** `script` is relative to the project's root. `onLine` hears each line of its stdout. */
  function start(name, { script, env, onLine = () => {} }) {
    const child = spawn(process.execPath, [script], { cwd: ROOT, env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    const output = []
    let rest = ''
    const keep = (chunk) => {
      outputBytes += chunk.length
      output.push(chunk.toString())
    }
    child.stdout.on('data', (chunk) => {
      keep(chunk)
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()
      for (const line of lines) onLine(line)
    })
    child.stderr.on('data', keep)
    const started = { name, child, output }
    running.push(started)
    return started
  }

  /** As patience.mjs; whatever any process prints is a movement. */
  function until(what, ask) {
    return waitFor(what, ask, { movement: () => outputBytes })
  }

  /**
   * Reads what the process prints: what answers on its port may be another process, for example of a second demo that was
   * started at the same moment.
   */
  function untilItSays({ name, child, output }, text) {
    return until(`the ${name} says "${text}"`, () => {
      if (output.join('').includes(text)) return true
      if (child.exitCode === null && child.signalCode === null) return false
      throw new Error(`the ${name} ended before it said "${text}":\n${output.join('').slice(-2000)}`)
    })
  }

  /** The last started first; whoever does not end in time is killed. */
  async function stopAll() {
    for (const { child } of running.splice(0).reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      await ended
      clearTimeout(killer)
    }
  }

  function logs() {
    return running.map(({ name, output }) => `--- ${name}\n${output.join('').slice(-3000)}`).join('\n')
  }

  return { start, until, untilItSays, stopAll, logs }
}
