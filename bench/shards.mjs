// Owns: `npm run bench -- shards`: the cost of a message for the masters of a Redis Cluster with 1, 8 and 64 shards:
// CPU of all masters per message, from push to 60 streams, and the busiest master against the mean.
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()
const { startGateway, until } = await import('./stack/gateway.mjs')
const { startCluster } = await import('./stack/redis-cluster.mjs')
const { cpuMs } = await import('./stack/usage.mjs')
const { createTextLoad } = await import('./load/texts.mjs')

const { values: options } = readOptions({
  options: {
    masters: { type: 'string', default: '3,6' },
    shards: { type: 'string', default: '1,8,64' },
    messages: { type: 'number', default: 10_000 },
  },
})
const numbers = (text) => text.split(',').map(Number)
const MESSAGES = options.messages
const WARM_UP = 2_000
/** Concurrent pushes, so that most turns of the ingress' event loop have several. */
const CONCURRENCY = 128
const SUBSCRIPTIONS = 60
const USERS = 500
const ACCOUNTS = Array.from({ length: SUBSCRIPTIONS }, (_, index) => `wxbe${String(index * 7919).padStart(14, '0')}`)
const rows = []

for (const masters of numbers(options.masters)) {
  for (const shards of numbers(options.shards)) rows.push(await measure(masters, shards))
}
console.table(rows)

async function measure(masters, shards) {
  const cluster = await startCluster(masters)
  const gateway = await startGateway({ env: { ...cluster.env, MESSAGE_SHARDS: String(shards) } })
  const load = createTextLoad(gateway, { accounts: ACCOUNTS, users: USERS, concurrency: CONCURRENCY })
  try {
    await gateway.startIngress()
    await gateway.startWorker()
    const streams = []
    for (const [index, appId] of ACCOUNTS.entries()) {
      const put = () =>
        gateway.call('PUT', `/subscriptions/s${index}`, { match: { authorizers: [appId] }, sink: { kind: 'stream' } })
      const { sink } = await until('a subscription', () => put().catch(() => undefined))
      streams.push(sink.stream)
    }
    const received = async () => {
      const lengths = await Promise.all(streams.map((stream) => cluster.client.xlen(stream)))
      return lengths.reduce((sum, length) => sum + length, 0)
    }
    await load.pushAll(WARM_UP)
    await until('the first are delivered', async () => (await received()) === WARM_UP, {
      timeoutMs: 60_000,
      everyMs: 100,
    })
    const pids = { ingress: gateway.processes.ingress.pid, worker: gateway.processes.worker.pid }
    const before = [...cluster.pids, ...Object.values(pids)].map(cpuMs)
    const startedAt = performance.now()
    await load.pushAll(MESSAGES)
    await until('all are delivered', async () => (await received()) === WARM_UP + MESSAGES, {
      timeoutMs: 300_000,
      everyMs: 200,
    })
    const seconds = (performance.now() - startedAt) / 1000
    const used = [...cluster.pids, ...Object.values(pids)].map((pid, index) => cpuMs(pid) - before[index])
    const ofMasters = used.slice(0, masters)
    const all = ofMasters.reduce((sum, ms) => sum + ms, 0)
    const micros = (ms) => Math.round((ms * 1000) / MESSAGES)
    return {
      masters,
      shards,
      perSecond: Math.round(MESSAGES / seconds),
      redisMicros: micros(all),
      perSecondOfRedis: Math.round((MESSAGES * 1000) / all),
      busiestOverMean: Number(((Math.max(...ofMasters) * masters) / all).toFixed(2)),
      ingressMicros: micros(used[masters]),
      workerMicros: micros(used[masters + 1]),
    }
  } finally {
    load.close()
    await gateway.stop()
    await cluster.stop()
  }
}
