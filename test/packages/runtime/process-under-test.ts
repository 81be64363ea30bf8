// Owns: a process that lives by the lifecycle, for lifecycle.test.ts to start and to end.
import { createServer } from 'node:http'
import { createLifecycle, createLogger } from '@wxgw/runtime'

const [mode = 'clean'] = process.argv.slice(2)
const log = createLogger({ level: 'info', name: 'under-test' })
const lifecycle = createLifecycle({ log, deadlineMs: mode === 'slow' ? 200 : 10_000 })

// Keeps the process alive, as a listener does.
const server = createServer().listen(0, '127.0.0.1')
lifecycle.onStop('listener', () => void server.close())
lifecycle.onStop('drain', () => {
  log.info({}, 'draining')
  if (mode === 'slow' || mode === 'stuck') return new Promise<void>(() => {})
  if (mode === 'broken') throw new Error('cannot be closed')
  return undefined
})

if (mode === 'throw')
  setImmediate(() => {
    throw Object.assign(new Error('thrown'), { command: { args: ['do-not-show'] } })
  })
if (mode === 'reject') void Promise.reject(Object.assign(new Error('rejected'), { command: { args: ['do-not-show'] } }))
if (mode === 'fail') await lifecycle.fail(new Error('no port'))
else log.info({}, 'ready')
