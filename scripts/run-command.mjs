// Owns: running a command as a child process that never outlives this one. It forwards signals to the child's group.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

const running = new Set()
let interruptedBy

/**
 * Resolves to the exit code and the text of piped streams. Rejects when the command cannot be started.
 * After `timeoutMs` the command and its children are killed.
 * When this process gets a signal meanwhile, it exits after the command, with 128 plus the signal's number.
 */
export async function run(command, args, options = {}) {
  const { cwd = ROOT, env = process.env, stdout = 'inherit', stderr = 'inherit', timeoutMs } = options
  // In its own process group: its children can be killed with it.
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
      // Remaining children may hold its streams open.
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

/** Prints a message to stderr: stdout belongs to the started programs. */
export function say(text) {
  process.stderr.write(`${text}\n`)
}

function onSignal(signal) {
  // The second signal kills.
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
    // ESRCH: the group has exited.
    if (error.code !== 'ESRCH') throw error
  }
}
