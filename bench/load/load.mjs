// Owns: the handle on the load process.
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const SCRIPT = fileURLToPath(new URL('load-process.mjs', import.meta.url))

export function startLoad() {
  const child = fork(SCRIPT, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: ['--max-old-space-size=4096'],
  })
  const waiting = new Map()
  let ids = 0

  child.on('message', ({ id, answer, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(answer)
    else reject(new Error(error))
  })
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the load ended with ${signal ?? code}`))
  })

  function ask(kind, options) {
    return new Promise((resolve, reject) => {
      ids += 1
      waiting.set(ids, { resolve, reject })
      child.send({ id: ids, kind, options })
    })
  }

  return {
    pid: child.pid,
    /** See requests.mjs. */
    prepare: (options) => ask('prepare', options),
    /** See run-load.mjs. */
    run: (options) => ask('run', options),
    /** See burst.mjs. */
    burst: (options) => ask('burst', options),
    /** Due time of each request of a run with `keepTimes`, in epoch milliseconds with fractions. */
    times: () => ask('times'),
    stop: () => child.kill('SIGKILL'),
  }
}
