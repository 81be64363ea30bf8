// Owns: `npm run bench -- lanes --only NAME,NAME [--pairs N]`: the saving of each fast lane: CPU per item with the
// lane and with its slow twin, as medians of alternating rounds. It counts the lane's processes and Redis.
import { LANES, TWINS } from './lanes/slow-twins.mjs'
import { startLoad } from './load/load.mjs'
import { median, round } from './load/histogram.mjs'
import { arrivalCounter, startReceiver } from './stack/consumer.mjs'
import { startGateway, until } from './stack/gateway.mjs'
import { createMessages } from './stack/messages.mjs'
import { withUsage } from './stack/usage.mjs'
import { readOptions } from '../scripts/read-options.mjs'

const { values: options } = readOptions({
  options: { only: { type: 'string', default: Object.keys(LANES).join(',') }, pairs: { type: 'number', default: 5 } },
})
const PAIRS = options.pairs
const REGISTER = new URL('./lanes/register.mjs', import.meta.url).pathname
const CONNECTIONS = 64
const READS_MS = 2_500
const EVENTS = 12_000
const WAIT_MS = 60_000

const gateway = await startGateway()
const load = startLoad()
const messages = createMessages({ gateway, load })
const receiver = await startReceiver()
/** The stream keeps the events of all rounds. */
const SINKS = {
  webhook: { kind: 'webhook', url: receiver.url },
  queue: { kind: 'queue' },
  stream: { kind: 'stream', maxLength: 1_000_000 },
}
const MEASURES = { token: measureReads, stream: measureEvents, queue: measureEvents, webhook: measureEvents }
try {
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  await gateway.stopWorker()
  const rows = []
  for (const name of options.only.split(',')) {
    const { about } = TWINS[name]
    const sink = SINKS[about] ?? { kind: 'stream' }
    await gateway.call('PUT', '/subscriptions/lane', { match: { types: ['wechat.message.*'] }, sink })
    const measure = (lane) => MEASURES[about]({ lane })
    const pairs = []
    for (let number = 0; number < PAIRS; number += 1) {
      const first = number % 2 === 0 ? undefined : name
      const one = await measure(first)
      const other = await measure(first === undefined ? name : undefined)
      pairs.push(first === undefined ? { fast: one, slow: other } : { fast: other, slow: one })
    }
    const [fast, slow] = ['fast', 'slow'].map((side) => round(median(pairs.map((pair) => pair[side])), 1))
    rows.push({ lane: name, about, fast, slow, ratio: round(median(pairs.map((pair) => pair.slow / pair.fast)), 3) })
    await gateway.call('DELETE', '/subscriptions/lane')
  }
  console.table(rows)
} finally {
  load.stop()
  receiver.stop()
  await gateway.stop()
}

async function measureReads({ lane }) {
  await gateway.restartIngress(slowed(lane))
  const get = [
    {
      path: `/apis/v1/wx/open1/access_token/${gateway.account.appId}`,
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    },
  ]
  const read = (durationMs) =>
    load.run({ port: gateway.ports.internal, get, connections: CONNECTIONS, durationMs, warmupMs: 0 })
  await read(READS_MS / 2)
  return cpuPerItem(['ingress'], async () => (await read(READS_MS)).sent)
}

/** CPU of worker and Redis per event of a backlog. The first third is not measured: the worker starts. */
async function measureEvents({ lane }) {
  const { sink } = await gateway.call('GET', '/subscriptions/lane')
  const received = arrivalCounter({ sink, receiver, redis: gateway.redis.client })
  const before = await received()
  await pushAll(EVENTS)
  await gateway.startWorker(slowed(lane))
  await until('the first third', async () => (await received()) >= before + EVENTS / 3, {
    timeoutMs: WAIT_MS,
    everyMs: 5,
  })
  const micros = await cpuPerItem(['worker'], async () => {
    const from = await received()
    await until('all are delivered', async () => (await received()) >= before + EVENTS, {
      timeoutMs: WAIT_MS,
      everyMs: 5,
    })
    return before + EVENTS - from
  })
  await gateway.stopWorker()
  await messages.clear()
  return micros
}

async function cpuPerItem(names, run) {
  const pids = {
    redis: gateway.redis.pid,
    ...Object.fromEntries(names.map((name) => [name, gateway.processes[name].pid])),
  }
  const { result: items, cpu } = await withUsage(pids, run)
  if (names.includes('ingress')) await messages.clear()
  return (1000 * Object.values(cpu).reduce((sum, ms) => sum + ms, 0)) / items
}

async function pushAll(count) {
  await messages.prepare(count)
  messages.expectAccepted(await push())
}

/** Runs until all prepared requests are sent. */
function push() {
  return load.run({ port: gateway.ports.public, connections: CONNECTIONS, durationMs: WAIT_MS })
}

function slowed(lane) {
  return lane === undefined ? {} : { NODE_OPTIONS: `--import=${REGISTER}`, BENCH_LANE: lane }
}
