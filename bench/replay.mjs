// Owns: `npm run bench -- replay`: the effect of a replay of many undelivered events on live pushes: p99 of their acks
// and of their deliveries to a webhook, with the replay paused and running, as medians of rounds.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { shardKeys } from '@wxgw/redis'
import { Redis } from 'ioredis'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()

const { startGateway, until } = await import('./stack/gateway.mjs')
const { createTextLoad } = await import('./load/texts.mjs')

const { values: options } = readOptions({
  options: {
    events: { type: 'number', default: 100_000 },
    rate: { type: 'number', default: 500 },
    /** Rate of the replay. */
    replayed: { type: 'number', default: 50 },
    rounds: { type: 'number', default: 4 },
    seconds: { type: 'number', default: 10 },
  },
})
const { events: EVENTS, rate: RATE, replayed: REPLAYED, rounds: ROUNDS, seconds: SECONDS } = options
const WARM_UP_SECONDS = 5
const accountsOf = (letter) =>
  Array.from({ length: 10 }, (_, index) => `wx${letter}e${String(index).padStart(14, '0')}`)
const [OLD, LIVE] = [accountsOf('a'), accountsOf('b')]

const gateway = await startGateway()
const redis = new Redis(gateway.redis.url)
const arrived = { old: 0, live: new Map() }
const hook = createServer((incoming, response) => {
  const chunks = []
  incoming.on('data', (chunk) => chunks.push(chunk))
  incoming.on('end', () => {
    if (incoming.url === '/old') arrived.old += 1
    else arrived.live.set(JSON.parse(Buffer.concat(chunks)).data.MsgId, performance.now())
    response.writeHead(204).end()
  })
}).listen(0, '127.0.0.1')
await once(hook, 'listening')
const load = (accounts) => createTextLoad(gateway, { accounts, users: 500, concurrency: 64 })
const [old, live] = [load(OLD), load(LIVE)]

try {
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  const begun = new Date()
  await old.pushAll(EVENTS)
  await subscribe('old', OLD)
  await subscribe('live', LIVE)
  const isLogged = async () => (await redis.zcard(shardKeys('open1', 0).events)) >= EVENTS
  await until('all are in the log', isLogged, { timeoutMs: 120_000, everyMs: 200 })
  const range = { from: begun.toISOString(), to: new Date().toISOString() }
  const { replayId, matched } = await gateway.call('POST', '/subscriptions/old/replays', {
    ...range,
    ratePerSecond: REPLAYED,
  })
  const replay = `/subscriptions/old/replays/${replayId}`
  await gateway.call('POST', `${replay}/pause`)
  await round(WARM_UP_SECONDS)
  const rounds = { paused: [], running: [] }
  for (let n = 0; n < ROUNDS; n += 1) {
    rounds.paused.push(await round(SECONDS))
    await gateway.call('POST', `${replay}/resume`)
    rounds.running.push(await round(SECONDS))
    await gateway.call('POST', `${replay}/pause`)
  }
  const { delivered, failed } = await gateway.call('GET', replay)
  console.table(Object.entries(rounds).flatMap(([replayIs, each]) => each.map((figures) => ({ replayIs, ...figures }))))
  const of = (replayIs, figure) => median(rounds[replayIs].map((each) => each[figure]))
  const ratio = (figure) => Number((of('running', figure) / of('paused', figure)).toFixed(2))
  const ratios = {
    answerP99: ratio('answerP99Ms'),
    deliveryP99: ratio('deliveryP99Ms'),
    deliveryP50: ratio('deliveryP50Ms'),
  }
  console.log(JSON.stringify({ matched, delivered, failed, ...ratios }))
} finally {
  old.close()
  live.close()
  hook.close()
  hook.closeAllConnections()
  redis.disconnect()
  await gateway.stop()
}

function subscribe(name, authorizers) {
  const url = `http://127.0.0.1:${hook.address().port}/${name}`
  return gateway.call('PUT', `/subscriptions/${name}`, { match: { authorizers }, sink: { kind: 'webhook', url } })
}

/** Pushes at the rate. Returns the latencies of acks, and of deliveries from the push on. */
async function round(seconds) {
  const began = new Map()
  const answers = []
  arrived.live.clear()
  await live.pushSteadily({
    perSecond: RATE,
    seconds,
    began: (msgId) => began.set(msgId, performance.now()),
    answered: (msgId) => answers.push(performance.now() - began.get(msgId)),
  })
  await until('all are delivered', () => arrived.live.size >= began.size)
  const deliveries = [...began].map(([msgId, at]) => arrived.live.get(msgId) - at)
  return {
    answerP99Ms: share(answers, 0.99),
    deliveryP50Ms: share(deliveries, 0.5),
    deliveryP99Ms: share(deliveries, 0.99),
  }
}

function share(figures, part) {
  const sorted = figures.toSorted((left, right) => left - right)
  return Number((sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(1))
}

function median(figures) {
  return share(figures, 0.5)
}
