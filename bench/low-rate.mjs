// Owns: `npm run bench -- low-rate`: the cost of a message at low rates: CPU of each process, commands and reads of
// Redis, and the latency from push to consumer; and the cost of processes without messages.
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { setTimeout as delay } from 'node:timers/promises'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()
const { until } = await import('./stack/gateway.mjs')
const { startLoad } = await import('./load/load.mjs')
const { messageId } = await import('./load/requests.mjs')
const { createHistogram, median, round } = await import('./load/histogram.mjs')
const { readArrivals } = await import('./stack/consumer.mjs')
const { cpuTimes, sleeps } = await import('./stack/usage.mjs')
const { ROOT } = await import('./stack/processes.mjs')

const { values: options } = readOptions({
  options: {
    rates: { type: 'string', default: '100,300,1000' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    /** Another checkout, installed and built, that is measured in turn. */
    against: { type: 'string' },
    /** Seconds without messages; 0 = not measured. */
    idle: { type: 'string', default: '0' },
    shards: { type: 'string', default: '1' },
  },
})
const numbers = (text) => text.split(',').map(Number)
const [SECONDS, ROUNDS, IDLE_SECONDS] = [options.seconds, options.rounds, options.idle].map(Number)
const TREES = { here: ROOT, ...(options.against === undefined ? {} : { against: options.against }) }
const MAX_CONNECTIONS = 64
const WARM_UP_SECONDS = 5
/** After the start, until the processes only repeat what they repeat for ever. */
const SETTLE_MS = 5_000

for (const shards of numbers(options.shards)) {
  const sides = []
  try {
    for (const [name, root] of Object.entries(TREES)) sides.push(await openSide(name, { root, shards }))
    if (IDLE_SECONDS > 0) await measureIdle(sides, shards)
    for (const rate of numbers(options.rates)) await measureRate(sides, { rate, shards })
  } finally {
    for (const side of sides) await side.stop()
  }
}

/** A gateway of its own, by the tree's own way to start one. */
async function openSide(name, { root, shards }) {
  const { startGateway } = await import(pathToFileURL(resolve(root, 'bench/stack/gateway.mjs')).href)
  const gateway = await startGateway(shards === 1 ? {} : { env: { MESSAGE_SHARDS: String(shards) } })
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  const { sink } = await gateway.call('PUT', '/subscriptions/low-rate', {
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'stream' },
  })
  const load = startLoad()
  const { processes, redis } = gateway
  return {
    name,
    gateway,
    load,
    sink,
    arrivals: readArrivals(redis.client, sink.stream),
    pids: { ingress: processes.ingress.pid, worker: processes.worker.pid, redis: redis.pid },
    pushed: 0,
    async stop() {
      this.arrivals.stop()
      load.stop()
      await gateway.stop()
    },
  }
}

async function measureRate(sides, { rate, shards }) {
  const rounds = new Map(sides.map((side) => [side, []]))
  for (const side of sides) await push(side, { rate, seconds: WARM_UP_SECONDS })
  for (let number = 0; number < ROUNDS; number += 1) {
    for (const side of number % 2 === 0 ? sides : sides.toReversed())
      rounds.get(side).push(await push(side, { rate, seconds: SECONDS }))
  }
  console.log(`${rate} messages/s, MESSAGE_SHARDS=${shards}: µs of CPU, counts per message, ms from push to consumer`)
  show(rounds)
}

async function measureIdle(sides, shards) {
  await delay(SETTLE_MS)
  const rounds = new Map()
  for (const side of sides) {
    const since = await readUsage(side)
    await delay(IDLE_SECONDS * 1000)
    rounds.set(side, [per(IDLE_SECONDS, since, await readUsage(side))])
  }
  console.log(`no messages, MESSAGE_SHARDS=${shards}: µs of CPU, counts per second`)
  show(rounds)
}

/** Medians of the rounds, and with two trees the median of the ratios of each round. */
function show(rounds) {
  const figures = Object.keys([...rounds.values()][0][0])
  const of = (all) => Object.fromEntries(figures.map((name) => [name, round(median(all.map((one) => one[name])), 2)]))
  const rows = Object.fromEntries([...rounds].map(([side, all]) => [side.name, of(all)]))
  const [here, against] = [...rounds.values()]
  if (against !== undefined) {
    const ratios = here.map((one, index) =>
      Object.fromEntries(figures.map((name) => [name, one[name] / against[index][name]])),
    )
    rows['here / against'] = of(ratios)
  }
  console.table(Object.fromEntries(figures.map((name) => [name, mapOf(rows, (row) => row[name])])))
}

/** One round. */
async function push(side, { rate, seconds }) {
  const { gateway, load, arrivals, sink } = side
  const { seen } = arrivals
  const count = Math.ceil(rate * seconds)
  const first = side.pushed
  side.pushed += count
  await load.prepare({ component: gateway.component, ...gateway.account, port: gateway.ports.public, count, first })
  const since = await readUsage(side)
  const result = await load.run({
    port: gateway.ports.public,
    // Each is used once a second or more often: the server closes idle ones.
    connections: Math.min(MAX_CONNECTIONS, rate),
    rate,
    durationMs: seconds * 1000,
    keepTimes: true,
  })
  if (result.statuses[200] !== result.sent) throw new Error(`not all were accepted: ${JSON.stringify(result.statuses)}`)
  const last = messageId(first + result.sent - 1)
  const hasAll = () => seen.has(last) && seen.size >= result.sent
  await until('all are received', hasAll, { everyMs: 10 })
  const used = per(result.sent, since, await readUsage(side))
  const dueAtMs = await load.times()
  const histogram = createHistogram()
  for (const [index, atMs] of dueAtMs.entries()) histogram.add(seen.get(messageId(first + index)) - atMs)
  seen.clear()
  await gateway.redis.client.xtrim(sink.stream, 'MAXLEN', 0)
  const { p50, p99 } = histogram.summary()
  return { ...used, p50, p99, ackP99: result.latencyMs.p99 }
}

async function readUsage({ pids, gateway }) {
  const stats = await gateway.redis.client.info('stats')
  const stat = (name) => Number(new RegExp(`${name}:(\\d+)`).exec(stats)?.[1])
  return {
    cpu: mapOf(pids, cpuTimes),
    sleeps: mapOf(pids, sleeps),
    commands: stat('total_commands_processed'),
    reads: stat('total_reads_processed'),
  }
}

function per(count, from, to) {
  const figures = {}
  for (const name of Object.keys(to.cpu)) {
    const userMs = to.cpu[name].userMs - from.cpu[name].userMs
    const systemMs = to.cpu[name].systemMs - from.cpu[name].systemMs
    figures[name] = ((userMs + systemMs) * 1000) / count
    figures[`${name}, system`] = (systemMs * 1000) / count
    figures[`${name}, sleeps`] = (to.sleeps[name] - from.sleeps[name]) / count
  }
  figures['commands in Redis'] = (to.commands - from.commands) / count
  figures['reads by Redis'] = (to.reads - from.reads) / count
  return figures
}

function mapOf(object, get) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, get(value)]))
}
