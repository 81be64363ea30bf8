// Owns: running a command as a child that never outlives this process: a signal goes on to the command and all it started.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const running = new Set()
let interruptedBy

/**
 * Resolves with the exit code and, of a stream that was piped, its text. Rejects when the command cannot be started.
 * A command that takes longer than `timeoutMs` is killed, with all it started.
 * When this process is interrupted meanwhile, it ends after the command, with 128 and the signal's number.
 */
export async function run(command, args, options = {}) {
  const { cwd = ROOT, env = process.env, stdout = 'inherit', stderr = 'inherit', timeoutMs } = options
  // In a group of its own, so that what the command started can be ended with it.
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', stdout, stderr], detached: true })
  watchSignals()
  running.add(child)
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk) => {
      text += chunk
    })
  }
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => killGroup(child, 'SIGKILL'), timeoutMs)
  try {
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject)
      // What it left behind may hold its streams open, so that they would never close.
      child.once('exit', () => killGroup(child, 'SIGKILL'))
      child.once('close', (exitCode, signal) => resolve(exitCode ?? 128 + (constants.signals[signal] ?? 0)))
    })
    return { code, text }
  } finally {
    clearTimeout(timer)
    running.delete(child)
    if (interruptedBy && running.size === 0) process.exit(128 + constants.signals[interruptedBy])
    if (running.size === 0) unwatchSignals()
  }
}

/** A message for the person at the terminal; stdout is left to the programs that are started. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

function onSignal(signal) {
  // The second one does not wait any longer.
  for (const child of running) killGroup(child, interruptedBy ? 'SIGKILL' : signal)
  interruptedBy = signal
}

function onExit() {
  for (const child of running) killGroup(child, 'SIGKILL')
}

function watchSignals() {
  if (running.size > 0) return
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('exit', onExit)
}

function unwatchSignals() {
  process.off('SIGTERM', onSignal)
  process.off('SIGINT', onSignal)
  process.off('exit', onExit)
}

function killGroup(child, signal) {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch (error) {
    // Nobody of the group is left.
    if (error.code !== 'ESRCH') throw error
  }
}
