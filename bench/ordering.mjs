// Owns: `npm run bench -- ordering`: throughput from push to consumer with and without ordering, and its CPU in worker
// and Redis, for each kind of sink.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()

const { startGateway, until } = await import('./stack/gateway.mjs')
const { cpuMs } = await import('./stack/usage.mjs')
const { createTextLoad } = await import('./load/texts.mjs')

const { values: options } = readOptions({
  options: {
    messages: { type: 'number', default: 5_000 },
    rounds: { type: 'number', default: 2 },
    sinks: { type: 'string', default: 'webhook,queue,stream' },
  },
})
const MESSAGES = options.messages
const WARM_UP = 1_000
const CONCURRENCY = 64
const ACCOUNTS = Array.from({ length: 20 }, (_, index) => `wxbf${String(index).padStart(14, '0')}`)
const USERS = 200
const gateway = await startGateway()
const load = createTextLoad(gateway, { accounts: ACCOUNTS, users: USERS, concurrency: CONCURRENCY })
const redis = new Redis(gateway.redis.url)
let hooked = 0
const hook = createServer((incoming, response) => {
  incoming.resume().on('end', () => {
    hooked += 1
    response.writeHead(204).end()
  })
}).listen(0, '127.0.0.1')
await once(hook, 'listening')
const rows = []

try {
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  for (let round = 0; round < options.rounds; round += 1) {
    for (const kind of options.sinks.split(',')) {
      for (const ordering of ['none', 'subject']) rows.push({ round, ...(await measure(kind, ordering)) })
    }
  }
} finally {
  load.close()
  hook.close()
  hook.closeAllConnections()
  redis.disconnect()
  await gateway.stop()
}
console.table(rows)
console.table(options.sinks.split(',').map(ratios))

async function measure(kind, ordering) {
  const name = `${kind}-${ordering}-${load.sent()}`
  const url = `http://127.0.0.1:${hook.address().port}/`
  const put = () =>
    gateway.call('PUT', `/subscriptions/${name}`, { ordering, sink: kind === 'webhook' ? { kind, url } : { kind } })
  const { sink } = await put()
  const hookedBefore = hooked
  const received = {
    webhook: async () => hooked - hookedBefore,
    queue: () => redis.llen(`bull:${sink.queue}:wait`),
    stream: () => redis.xlen(sink.stream),
  }[kind]
  await load.pushAll(WARM_UP)
  await until('the first are delivered', async () => (await received()) >= WARM_UP, { timeoutMs: 60_000, everyMs: 20 })
  await delay(500)
  const pids = [gateway.processes.worker.pid, gateway.redis.pid]
  const before = pids.map(cpuMs)
  const startedAt = performance.now()
  await load.pushAll(MESSAGES)
  await until('all are delivered', async () => (await received()) >= WARM_UP + MESSAGES, {
    timeoutMs: 120_000,
    everyMs: 20,
  })
  const seconds = (performance.now() - startedAt) / 1_000
  // For the records of the last deliveries.
  await delay(500)
  const [workerMicros, redisMicros] = pids.map((pid, index) =>
    Math.round(((cpuMs(pid) - before[index]) * 1_000) / MESSAGES),
  )
  await gateway.call('DELETE', `/subscriptions/${name}`)
  return { kind, ordering, perSecond: Math.round(MESSAGES / seconds), workerMicros, redisMicros }
}

/** Ratios of the medians of all rounds. */
function ratios(kind) {
  const median = (ordering, field) => {
    const own = rows.filter((row) => row.kind === kind && row.ordering === ordering).map((row) => row[field])
    return own.sort((a, b) => a - b)[Math.floor(own.length / 2)]
  }
  const cpu = (ordering) => median(ordering, 'workerMicros') + median(ordering, 'redisMicros')
  const rounded = (ratio) => Number(ratio.toFixed(2))
  return {
    kind,
    rateOfNone: rounded(median('subject', 'perSecond') / median('none', 'perSecond')),
    cpuTimes: rounded(cpu('subject') / cpu('none')),
  }
}
