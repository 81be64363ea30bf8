// Owns: `npm run bench -- narrow-caller [--seconds 60 --rate 400]`: the effect of an attack by a caller with narrow
// rights on everybody else: ack p99 of pushes and memory of ingress and worker, with and without it, in alternating
// rounds, as ratios.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

await bootstrap()
const { startAttack } = await import('./load/attack.mjs')
const { median, round: rounded } = await import('./load/histogram.mjs')
const { startLoad } = await import('./load/load.mjs')
const { startGateway } = await import('./stack/gateway.mjs')
const { createMessages } = await import('./stack/messages.mjs')
const { residentMb, withUsage } = await import('./stack/usage.mjs')

const { seconds, rate } = readOptions({
  options: { seconds: { type: 'number', default: 60 }, rate: { type: 'number', default: 400 } },
}).values

/** Rounds per side, which share the time of the attack. */
const ROUNDS = 3
const CONNECTIONS = 32
const WARM_UP_SECONDS = 5
/** The caller's own account, and granted accounts that never authorized. */
const OWN = 'wxbe00000000000002'
const GRANTED = [OWN, ...Array.from({ length: 9_999 }, (_, n) => `wxff${String(n).padStart(14, '0')}`)]
const KEY = randomBytes(24).toString('hex')
const GOAL = 1.3

const dir = await mkdtemp(join(tmpdir(), 'wxgw-narrow-'))
const config = join(dir, 'gateway.yaml')
const actions = ['authorizers:read', 'subscriptions:read', 'subscriptions:write', 'events:read']
await writeFile(
  config,
  JSON.stringify({ callers: [{ name: 'narrow', key: KEY, grants: [{ actions, authorizers: GRANTED }] }] }),
)
const load = startLoad()
const opened = []
try {
  // Two gateways, measured in alternating rounds: noise of the machine affects both, and they share no memory.
  const calm = await openSide()
  const attacked = await openSide()
  const rounds = { without: [], with: [] }
  for (const side of [calm, attacked]) await round(side, WARM_UP_SECONDS)
  for (let n = 0; n < ROUNDS; n += 1) {
    rounds.without.push(await round(calm, seconds / ROUNDS))
    rounds.with.push(await round(attacked, seconds / ROUNDS, { isAttacked: true }))
  }
  console.log(JSON.stringify(summary(rounds), undefined, 2))
} finally {
  load.stop()
  await Promise.all(opened.map((gateway) => gateway.stop()))
  await rm(dir, { recursive: true })
}

async function openSide() {
  const gateway = await startGateway({ env: { CONFIG_FILE: config } })
  opened.push(gateway)
  await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  await gateway.authorizeOthers(1)
  await gateway.call('PUT', '/subscriptions/everything', { sink: { kind: 'stream', maxLength: 10_000 } })
  // A thousand events of the caller's own among the others.
  for (let n = 0; n < 1_000; n += 1)
    await gateway.simulator.sendText(OWN, { openId: `o${n}`, content: 'x'.repeat(1_000) })
  return { gateway, messages: createMessages({ gateway, load }) }
}

async function round({ gateway, messages }, forSeconds, { isAttacked = false } = {}) {
  await messages.prepare(Math.ceil((forSeconds + 1) * rate) + 100)
  const attack = isAttacked ? startAttack({ ports: gateway.ports, key: KEY, own: OWN, granted: GRANTED }) : undefined
  const pids = {
    ingress: gateway.processes.ingress.pid,
    worker: gateway.processes.worker.pid,
    redis: gateway.redis.pid,
  }
  const peaks = { ingress: 0, worker: 0 }
  let floor = Infinity
  const sampler = setInterval(() => {
    for (const name of Object.keys(peaks)) peaks[name] = Math.max(peaks[name], residentMb(pids[name]) ?? 0)
    void heapOf(gateway).then((mb) => (floor = Math.min(floor, mb)))
  }, 500)
  const run = () =>
    load.run({
      port: gateway.ports.public,
      connections: CONNECTIONS,
      rate,
      durationMs: forSeconds * 1000,
      warmupMs: 1_000,
    })
  const { result, cpu } = await withUsage(pids, run)
  clearInterval(sampler)
  const attempts = await attack?.stop()
  messages.expectAccepted(result)
  return { ...result.latencyMs, behind: result.behind, peakMb: peaks, heapFloorMb: floor, cpuMs: cpu, attempts }
}

/** Heap of the ingress in use. */
async function heapOf({ ports }) {
  const metrics = await fetch(`http://127.0.0.1:${ports.internal}/metrics`).then((response) => response.text())
  const bytes = (name) => Number(new RegExp(`^${name}(?:{[^}]*})? (\\S+)`, 'm').exec(metrics)?.[1])
  return rounded((bytes('nodejs_heap_size_used_bytes') + bytes('nodejs_external_memory_bytes')) / 1_048_576, 0)
}

function summary({ without, with: attacked }) {
  const p99 = (sides) => median(sides.map((one) => one.p99))
  const peak = (sides, name) => Math.max(...sides.map(({ peakMb }) => peakMb[name]))
  const floorOf = (sides) => Math.min(...sides.map(({ heapFloorMb }) => heapFloorMb))
  const memory = (name) => rounded(peak(attacked, name) / peak(without, name))
  return {
    seconds,
    rate,
    goal: `< ${GOAL}`,
    ratios: {
      ackP99: rounded(p99(attacked) / p99(without)),
      ingressMemory: memory('ingress'),
      ingressHeapFloor: rounded(floorOf(attacked) / floorOf(without)),
      workerMemory: memory('worker'),
    },
    ackP99Ms: { without: without.map((one) => one.p99), with: attacked.map((one) => one.p99) },
    rounds: { without, with: attacked },
  }
}
