// Owns: `npm run bench -- confirmed`: the cost of REDIS_MIN_REPLICAS=1 for a push: ack p99 with and without it, in
// alternating rounds over the same master and replica, as the ratio of medians.
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()
const { startGateway, until } = await import('./stack/gateway.mjs')
const { startRedis } = await import('./stack/redis-server.mjs')
const { createMessages } = await import('./stack/messages.mjs')
const { startLoad } = await import('./load/load.mjs')
const { median, round } = await import('./load/histogram.mjs')

const { rounds, seconds, rate } = readOptions({
  options: {
    rounds: { type: 'number', default: 5 },
    seconds: { type: 'number', default: 5 },
    rate: { type: 'number', default: 500 },
  },
}).values
const WARM_UP_SECONDS = 2
const CONNECTIONS = 64

const gateway = await startGateway()
const load = startLoad()
const messages = createMessages({ gateway, load })
const replica = await startRedis({ replicaOf: gateway.redis.port })
try {
  await until('the replica follows', async () => /master_link_status:up/.test(await replica.client.info('replication')))
  await gateway.startIngress()
  const sides = { without: [], with: [] }
  for (let n = 0; n < rounds; n += 1) {
    sides.without.push(await measure({ REDIS_MIN_REPLICAS: '0' }))
    sides.with.push(await measure({ REDIS_MIN_REPLICAS: '1' }))
  }
  const of = (side, share) => round(median(side.map((summary) => summary[share])))
  const figures = Object.fromEntries(
    ['p50', 'p99'].map((share) => {
      const [without, confirmed] = [of(sides.without, share), of(sides.with, share)]
      return [share, { withoutMs: without, withMs: confirmed, ratio: round(confirmed / without) }]
    }),
  )
  console.log(JSON.stringify({ rate, seconds, rounds, ...figures, all: sides }, undefined, 2))
} finally {
  load.stop()
  await replica.stop()
  await messages.queue.close()
  await gateway.stop()
}

async function measure(settings) {
  await gateway.restartIngress(settings)
  await messages.prepare(Math.ceil((seconds + WARM_UP_SECONDS) * rate) + 100)
  const durationMs = seconds * 1000
  const result = await load.run({
    port: gateway.ports.public,
    connections: CONNECTIONS,
    rate,
    durationMs,
    warmupMs: WARM_UP_SECONDS * 1000,
  })
  messages.expectAccepted(result)
  await messages.clear()
  return result.latencyMs
}
