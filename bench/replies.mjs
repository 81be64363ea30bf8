// Owns: `npm run bench -- replies`: passive replies: the latency of a consumer that answers at once; the punctuality
// of `success` when none answers; the cost of 2,000 waiting pushes for an ingress and for the pushes beside them.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { bootstrap } from '../scripts/bootstrap.mjs'
import { readOptions } from '../scripts/read-options.mjs'

readOptions({})
await bootstrap()
const { startGateway } = await import('./stack/gateway.mjs')
const { startLoad } = await import('./load/load.mjs')
const { residentMb } = await import('./stack/usage.mjs')

const PER_SECOND = 200
const SECONDS = 8
const WARM_UP_SECONDS = 2
const SILENT = 400
const WAITING = 2_000
const DEADLINE_MS = 4_000
const ALLOWANCE_MS = 300
const BESIDE_PER_SECOND = 100
const BESIDE_MS = 4_500

const hook = createServer((request, response) => {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { data } = JSON.parse(Buffer.concat(chunks))
    const answer = () => response.end(JSON.stringify({ reply: { MsgType: 'text', Content: data.Content } }))
    setTimeout(answer, 1)
  })
}).listen(0, '127.0.0.1')
await once(hook, 'listening')

const gateway = await startGateway({ env: { REPLY_DEADLINE_MS: String(DEADLINE_MS) } })
// Processes of their own: encrypting and awaiting pushes must not delay the timers of the measurement.
const burstLoad = startLoad()
const besideLoad = startLoad()
let sent = 0
let prepared = 0
try {
  const ingress = await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  // No retries: they would add to the load.
  gateway.simulator.configure({ attempts: 1 })
  const url = `http://127.0.0.1:${hook.address().port}/`
  await gateway.call('PUT', '/subscriptions/replies', {
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'webhook', url },
    reply: true,
  })
  await delay(1_000)
  await rated(WARM_UP_SECONDS)
  const answered = await rated(SECONDS)
  const times = answered.map(({ ms }) => ms)
  const replied = answered.filter(({ hasReply }) => hasReply).length

  // A stream never replies. Only one account's pushes wait; those of another account run beside them.
  const other = { appId: 'wxbe00000000000002', userName: 'gh_bench0000002' }
  const match = { authorizers: [gateway.account.appId], types: ['wechat.message.*'] }
  await gateway.call('PUT', '/subscriptions/replies', { match, sink: { kind: 'stream' }, reply: true })
  await delay(1_000)
  const alone = await beside(other)
  const silent = await waitingBurst({ count: SILENT })
  const beforeMb = residentMb(ingress.pid)
  const peak = { mb: beforeMb }
  const sampling = setInterval(() => (peak.mb = Math.max(peak.mb, residentMb(ingress.pid))), 200)
  const [waiting, disturbed] = await Promise.all([waitingBurst({ count: WAITING }), beside(other)])
  clearInterval(sampling)
  const connecting = await waitingBurst({ count: WAITING, isFresh: true })
  const answering = {
    pushesPerSecond: PER_SECOND,
    pushes: times.length,
    replied,
    p50Ms: at(times, 0.5),
    p99Ms: at(times, 0.99),
  }
  const figures = { answering, silent, waiting: { ...waiting, beforeMb, peakMb: peak.mb }, connecting }
  console.log(JSON.stringify({ ...figures, beside: { alone, disturbed } }, undefined, 2))
} finally {
  for (const load of [burstLoad, besideLoad]) load.stop()
  await gateway.stop()
  hook.close()
  hook.closeAllConnections()
}

async function rated(seconds) {
  const pushes = []
  const startedAt = performance.now()
  for (let n = 0; n < seconds * PER_SECOND; n += 1) {
    const waitMs = startedAt + (n * 1_000) / PER_SECOND - performance.now()
    if (waitMs > 1) await delay(waitMs)
    pushes.push(push())
  }
  return Promise.all(pushes)
}

async function push() {
  sent += 1
  const msgId = String(8_000_000_000 + sent)
  const { attempts, reply } = await gateway.simulator.sendText(gateway.account.appId, {
    openId: `o${sent}`,
    content: msgId,
    msgId,
  })
  return { ms: attempts[0].ms, body: attempts[0].body, hasReply: reply !== undefined }
}

/** `count` pushes at once that wait for a reply in vain; the clock starts when each is sent. */
async function waitingBurst({ count, isFresh = false }) {
  await prepare(burstLoad, gateway.account, count)
  const answers = await burstLoad.burst({ port: gateway.ports.public, isFresh })
  const succeeded = answers.filter(({ isSuccess }) => isSuccess)
  const punctual = succeeded.filter(({ ms }) => ms >= DEADLINE_MS && ms <= DEADLINE_MS + ALLOWANCE_MS)
  const times = answers.map(({ ms }) => ms)
  const statuses = {}
  for (const { status } of answers) statuses[status ?? 'none'] = (statuses[status ?? 'none'] ?? 0) + 1
  return {
    pushes: count,
    statuses,
    succeeded: succeeded.length,
    shareInTime: punctual.length / count,
    earliestMs: at(times, 0),
    p50Ms: at(times, 0.5),
    latestMs: at(times, 1),
  }
}

/** Pushes of an account without replies, at a steady rate. */
async function beside(account) {
  await prepare(besideLoad, account, (BESIDE_PER_SECOND * BESIDE_MS) / 1_000 + BESIDE_PER_SECOND)
  const load = { port: gateway.ports.public, connections: 10, rate: BESIDE_PER_SECOND, durationMs: BESIDE_MS }
  const { latencyMs, statuses } = await besideLoad.run(load)
  return { pushes: latencyMs.count, statuses, p50Ms: latencyMs.p50, p99Ms: latencyMs.p99 }
}

async function prepare(load, account, count) {
  await load.prepare({ component: gateway.component, ...account, port: gateway.ports.public, count, first: prepared })
  prepared += count
}

/** 0: the minimum; 1: the maximum. */
function at(times, share) {
  const sorted = times.toSorted((left, right) => left - right)
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1))
}
