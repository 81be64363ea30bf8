// Owns: `npm run start:ingress`, `start:worker`, `simulator` (one process, this one) and `npm start` (one of each, as children).
// package.json starts every script with `exec`: else the shell stands between npm and node, and a signal to npm ends the shell alone.
import { spawn } from 'node:child_process'
import { bootstrap } from './bootstrap.mjs'
import { say } from './run-command.mjs'

const APPS = ['ingress', 'worker', 'simulator']
/** Longer than a process gives itself to drain. */
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

// Until the process handles signals itself there is nothing to drain.
function endWhileLoading() {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const end = () => {
      if (process.listenerCount(signal) === 1) process.exit(0)
    }
    process.on(signal, end)
  }
}

// However the parent ended, its end of the channel is closed.
function endWithParent() {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}

async function startBoth() {
  const names = ['ingress', 'worker']
  await bootstrap({ projects: names.map((name) => `apps/${name}`) })
  const children = names.map((name) => {
    return spawn(process.execPath, [import.meta.filename, name, '--built'], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  })
  const running = new Set(children)
  let isEnding = false

  function end(signal) {
    isEnding = true
    for (const child of running) child.kill(signal)
    setTimeout(() => {
      for (const child of running) child.kill('SIGKILL')
    }, KILL_AFTER_MS).unref()
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)

  for (const [index, child] of children.entries()) {
    child.once('exit', (code, signal) => {
      running.delete(child)
      // Ended by our own signal before it could listen to it: there was nothing to drain.
      if (code === 0 || (isEnding && code === null && signal !== 'SIGKILL')) return
      say(`The ${names[index]} ended with ${signal ?? `exit code ${code}`}.`)
      process.exitCode ||= code ?? 1
      end('SIGTERM')
    })
  }
}
