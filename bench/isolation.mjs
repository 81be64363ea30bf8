// Owns: `npm run bench -- isolation`: the effect of one hanging and one failing webhook on nine others: p99 from push
// to arrival at the nine, with and without the two, as the ratio of medians over rounds.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

readOptions({})
await bootstrap()
const { startGateway, until } = await import('./stack/gateway.mjs')

const GOOD = 9
const EVENTS = 3_000
const PER_SECOND = 50
/** Not measured: processes warm up. */
const WARM_UP = 100
const ROUNDS = 10

const arrivals = new Map()
const good = await listen((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { data } = JSON.parse(Buffer.concat(chunks))
    const sentAt = arrivals.get(data.MsgId)
    if (sentAt !== undefined && request.url !== '/0') sentAt.latencies.push(performance.now() - sentAt.at)
    response.writeHead(204).end()
  })
})
const hanging = await listen(() => {})
const failing = await listen((_request, response) => response.writeHead(500).end())

// Two gateways, measured in alternating rounds: noise of the machine affects both, and they share no backlog.
const sides = []
let sent = 0
try {
  const calm = await openSide({ hangs: good, fails: good })
  const disturbed = await openSide({ hangs: hanging, fails: failing })
  const rounds = { without: [], with: [] }
  for (const side of [calm, disturbed]) await round(side, WARM_UP)
  for (let n = 0; n < ROUNDS; n += 1) {
    rounds.without.push(p99(await round(calm, EVENTS / ROUNDS)))
    rounds.with.push(p99(await round(disturbed, EVENTS / ROUNDS)))
  }
  // The median of rounds: one slow moment of the machine decides the p99 of its round.
  const without = median(rounds.without)
  const together = median(rounds.with)
  const figures = {
    deliveries: 2 * EVENTS * GOOD,
    withoutP99Ms: without,
    withP99Ms: together,
    ratio: Number((together / without).toFixed(2)),
  }
  console.log(JSON.stringify({ ...figures, rounds }, undefined, 2))
} finally {
  await Promise.all(sides.map((gateway) => gateway.stop()))
  for (const server of [good, hanging, failing]) {
    server.close()
    server.closeAllConnections()
  }
}

/** Nine measured subscriptions, and two to the given servers. */
async function openSide(others) {
  const gateway = await startGateway()
  sides.push(gateway)
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  const match = { types: ['wechat.message.*'] }
  for (let n = 1; n <= GOOD; n += 1)
    await gateway.call('PUT', `/subscriptions/good-${n}`, { match, sink: webhook(good, n) })
  for (const [name, server] of Object.entries(others))
    await gateway.call('PUT', `/subscriptions/${name}`, { match, sink: webhook(server, 0) })
  return gateway
}

/** Latencies of all deliveries to the nine. */
async function round(gateway, count) {
  const latencies = []
  const startedAt = performance.now()
  for (let n = 0; n < count; n += 1) {
    const msgId = String(7_000_000_000 + sent)
    sent += 1
    await delay(Math.max(0, startedAt + (n * 1_000) / PER_SECOND - performance.now()))
    arrivals.set(msgId, { at: performance.now(), latencies })
    void gateway.simulator.sendText(gateway.account.appId, { openId: 'oUSER', content: msgId, msgId })
  }
  await until('all are delivered', () => latencies.length >= count * GOOD)
  arrivals.clear()
  return latencies
}

function webhook(server, n) {
  return { kind: 'webhook', url: `http://127.0.0.1:${server.address().port}/${n}` }
}

async function listen(onRequest) {
  const server = createServer(onRequest).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

function p99(latencies) {
  const sorted = latencies.toSorted((left, right) => left - right)
  return Number((sorted[Math.floor(sorted.length * 0.99)] ?? 0).toFixed(1))
}

function median(figures) {
  const sorted = figures.toSorted((left, right) => left - right)
  const middle = sorted.length / 2
  return Number((((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2).toFixed(1))
}
