// Owns: starting and stopping the processes of the demo, and keeping their output.
import { createInterface } from 'node:readline'
import { startProcess } from '../../test/dist/helpers/process.js'
import { waitFor } from '../patience.mjs'

/** Longer than a process takes to drain. */
const KILL_AFTER_MS = 40_000

export function createProcesses() {
  const running = []
  let outputBytes = 0

  /** `script` is relative to the project's root. `onLine` is called with each line of its stdout. */
  function start(name, { script, env, onLine = () => {} }) {
    const started = { name, ...startProcess(script, env) }
    const { stdout, stderr } = started.child
    for (const stream of [stdout, stderr]) {
      stream.on('data', (chunk) => {
        outputBytes += chunk.length
      })
    }
    createInterface({ input: stdout }).on('line', onLine)
    running.push(started)
    return started
  }

  /** As patience.mjs; all output of the processes counts as progress. */
  function until(what, ask) {
    return waitFor(what, ask, { movement: () => outputBytes })
  }

  /** Reads its output instead of calling its port, where another process may listen, for example of a second demo. */
  function untilItSays({ name, child, output }, text) {
    return until(`the ${name} says "${text}"`, () => {
      if (output().includes(text)) return true
      if (child.exitCode === null && child.signalCode === null) return false
      throw new Error(`the ${name} ended before it said "${text}":\n${output().slice(-2000)}`)
    })
  }

  /** In reverse order; a process that does not exit in time is killed. */
  async function stopAll() {
    for (const { child, end } of running.splice(0).reverse()) {
      const killer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS)
      await end()
      clearTimeout(killer)
    }
  }

  function logs() {
    return running.map(({ name, output }) => `--- ${name}\n${output().slice(-3000)}`).join('\n')
  }

  return { start, until, untilItSays, stopAll, logs }
}
