// Owns: the benchmark: its rows, their order and stacks, and the table and JSON at the end. The exit code is 1 only
// when a row could not be measured: a slow machine is no failure.
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { dirname, resolve } from 'node:path'
import { startLoad } from './load/load.mjs'
import { formatTable } from './report/table.mjs'
import { api } from './rows/api.mjs'
import { dispatch } from './rows/dispatch.mjs'
import { durableAck } from './rows/durable-ack.mjs'
import { growth } from './rows/growth.mjs'
import { latency } from './rows/latency.mjs'
import { opening } from './rows/opening.mjs'
import { peers } from './rows/peers.mjs'
import { pipeline } from './rows/pipeline.mjs'
import { pushToConsumer } from './rows/push-to-consumer.mjs'
import { scale } from './rows/scale.mjs'
import { sweep } from './rows/sweep.mjs'
import { tokenRead } from './rows/token-read.mjs'
import { startGateway } from './stack/gateway.mjs'
import { createMessages } from './stack/messages.mjs'
import { warmUp, warmUpWorker } from './stack/warm-up.mjs'
import { startYardstick } from './stack/yardstick.mjs'
import { readOptions } from '../scripts/read-options.mjs'

const QUICK = {
  repeats: 1,
  warmUpMs: 500,
  warmUpBodies: 15_000,
  ackMs: 1_500,
  ackBodies: 35_000,
  latencyMs: 2_000,
  openingMs: 700,
  pipelineMs: 2_000,
  dispatchMessages: 8_000,
  scaleConnections: [64],
  fillMs: 30_000,
  backlogs: [1_000, 10_000],
  authorizers: [1_000, 10_000],
}
const FULL = {
  repeats: 3,
  warmUpMs: 2_000,
  warmUpBodies: 60_000,
  ackMs: 5_000,
  ackBodies: 120_000,
  latencyMs: 6_000,
  openingMs: 2_000,
  pipelineMs: 8_000,
  dispatchMessages: 50_000,
  scaleConnections: [64, 256],
  fillMs: 300_000,
  backlogs: [1_000, 10_000, 100_000, 1_000_000],
  authorizers: [1_000, 10_000, 100_000, 1_000_000],
}

// `needsWorker: false`: no worker may run.
const ROWS = {
  opening: { run: opening, needsWorker: false },
  ack: { run: durableAck, needsWorker: false },
  peers: { run: peers, needsWorker: false },
  latency: { run: latency, needsWorker: false },
  growth: { run: growth, needsWorker: false },
  sweep: { run: sweep, needsWorker: false },
  token: { run: tokenRead, needsWorker: true },
  api: { run: api, needsWorker: true },
  consumer: { run: pushToConsumer, needsWorker: true },
  pipeline: { run: pipeline, needsWorker: true },
  dispatch: { run: dispatch, needsWorker: true },
  // Last: the restarted ingress would slow the next row.
  scale: { run: scale, needsWorker: false },
}

const { values: options } = readOptions({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    fsync: { type: 'string', default: 'everysec' },
    backlog: { type: 'string' },
    authorizers: { type: 'string' },
    repeats: { type: 'number' },
    json: { type: 'string', default: 'bench/results/latest.json' },
    'cpu-prof': { type: 'string' },
  },
})

const plan = { ...(options.quick ? QUICK : FULL) }
if (options.repeats !== undefined) plan.repeats = options.repeats
if (options.backlog !== undefined) plan.backlogs = ascending(options.backlog)
if (options.authorizers !== undefined) plan.authorizers = ascending(options.authorizers)
const names = options.only === undefined ? Object.keys(ROWS) : options.only.split(',')
const unknown = names.filter((name) => !Object.hasOwn(ROWS, name))
if (unknown.length > 0) {
  console.error(`There is no row ${unknown.join(', ')}; there are ${Object.keys(ROWS).join(', ')}.`)
  process.exit(1)
}

const startedAt = Date.now()
const nodeArgs =
  options['cpu-prof'] === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(options['cpu-prof'])}`]
const gateway = await startGateway({ fsync: options.fsync, nodeArgs })
const yardstick = await startYardstick({ apiKey: gateway.apiKey })
const load = startLoad()
const rows = []
const failed = []
const secondsOf = {}
try {
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  const messages = createMessages({ gateway, load })
  await gateway.stopWorker()
  await warmUp({ gateway, yardstick, load, messages, plan })
  let hasWorker = false
  for (const name of names) {
    const { run, needsWorker } = ROWS[name]
    if (needsWorker && !hasWorker) {
      await gateway.startWorker()
      await warmUpWorker({ gateway, load, messages, plan })
    }
    if (!needsWorker && hasWorker) await gateway.stopWorker()
    hasWorker = needsWorker
    console.error(`${name} …`)
    const rowStartedAt = performance.now()
    try {
      rows.push(...(await run({ gateway, yardstick, load, plan, messages })))
    } catch (error) {
      failed.push(name)
      console.error(`${name}: ${error.stack}`)
    }
    secondsOf[name] = Math.round((performance.now() - rowStartedAt) / 1000)
  }
  if (options['cpu-prof'] !== undefined)
    await Promise.all(Object.values(gateway.processes).map((running) => running.end('SIGTERM')))
} finally {
  const version = await gateway.redis.version()
  load.stop()
  await yardstick.stop()
  await gateway.stop()
  const { model } = cpus()[0] ?? { model: 'unknown' }
  const machine = {
    cpu: model,
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1_048_576),
    node: process.version,
    redis: version,
    fsync: options.fsync,
  }
  const report = {
    at: new Date(startedAt).toISOString(),
    seconds: Math.round((Date.now() - startedAt) / 1000),
    quick: options.quick,
    secondsOf,
    machine,
    rows,
    failed,
  }
  mkdirSync(dirname(options.json), { recursive: true })
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
  console.log(
    `\n${machine.cores} cores (${machine.cpu}), Node ${machine.node}, Redis ${machine.redis}, AOF ${machine.fsync}; ${report.seconds} s\n`,
  )
  console.log(formatTable(rows))
  console.log(
    `\nSeconds: ${Object.entries(secondsOf)
      .map((entry) => entry.join(' '))
      .join(', ')}`,
  )
  console.log(`As JSON: ${options.json}`)
}
process.exit(failed.length > 0 ? 1 : 0)

function ascending(list) {
  return list
    .split(',')
    .map(Number)
    .toSorted((a, b) => a - b)
}
