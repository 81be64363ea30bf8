// Owns: `npm run start:ingress`, `start:worker`, `simulator` (in this process), and `npm start` (ingress and worker as
// children). package.json uses `exec`: a signal to npm would end the shell only.
import { spawn } from 'node:child_process'
import { bootstrap } from './bootstrap.mjs'
import { say } from './run-command.mjs'

const APPS = ['ingress', 'worker', 'simulator']
/** Longer than a process takes to drain. */
const KILL_AFTER_MS = 40_000

const [app, option] = process.argv.slice(2)
if (app === undefined) await startBoth()
else if (APPS.includes(app)) await startHere(app)
else {
  say(`There is no ${app}; there are ${APPS.join(', ')}.`)
  process.exit(1)
}

async function startHere(name) {
  if (option === '--built') endWithParent()
  else await bootstrap({ projects: [`apps/${name}`] })
  endWhileLoading()
  await import(new URL(`../apps/${name}/dist/main.js`, import.meta.url))
}

// Exits on a signal as long as the process has no handler of its own: there is nothing to drain yet.
function endWhileLoading() {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const end = () => {
      if (process.listenerCount(signal) === 1) process.exit(0)
    }
    process.on(signal, end)
  }
}

// The channel closes when the parent exits, also by a crash.
function endWithParent() {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}

async function startBoth() {
  const names = ['ingress', 'worker']
  await bootstrap({ projects: names.map((name) => `apps/${name}`) })
  const running = new Map()
  let isEnding = false

  function end(signal) {
    for (const child of running.values()) child.kill(signal)
    if (isEnding) return
    isEnding = true
    setTimeout(() => {
      for (const child of running.values()) child.kill('SIGKILL')
    }, KILL_AFTER_MS).unref()
  }

  // When one exits, the other is ended, too: the supervisor must restart both.
  function ended(name, { code, outcome }) {
    running.delete(name)
    if (isEnding && code === 0) return
    process.exitCode ||= code || 1
    if (isEnding) {
      say(`The ${name} ended with ${outcome}.`)
      return
    }
    const [other] = running.keys()
    say(`The ${name} ended by itself (${outcome})${other === undefined ? '' : `; the ${other} is ended, too`}.`)
    end('SIGTERM')
  }

  for (const name of names) {
    const stdio = ['inherit', 'inherit', 'inherit', 'ipc']
    const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, name, '--built'], { stdio })
    running.set(name, child)
    child.once('error', (error) => ended(name, { code: 1, outcome: error.code }))
    child.once('exit', (code, signal) => {
      // Ended by our signal before it had a handler: there was nothing to drain.
      const isUnready = isEnding && code === null && signal !== 'SIGKILL'
      ended(name, { code: isUnready ? 0 : code, outcome: signal ?? `exit code ${code}` })
    })
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
