// Owns: `npm run bench:replies`: passive replies. How long a user waits for a consumer that answers at once; how punctual `success`
// is when none answers; what 2,000 pushes that wait cost an ingress.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { bootstrap } from '../scripts/bootstrap.mjs'

await bootstrap({ projects: ['apps/ingress', 'apps/worker', 'apps/simulator'] })
const { startGateway } = await import('./stack/gateway.mjs')
const { residentMb } = await import('./stack/usage.mjs')

const PER_SECOND = 200
const SECONDS = 8
const WARM_UP_SECONDS = 2
const SILENT = 400
const WAITING = 2_000
const DEADLINE_MS = 4_000
const ALLOWANCE_MS = 300

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
let sent = 0
try {
  const ingress = await gateway.startIngress()
  await gateway.startWorker()
  await gateway.authorize()
  // A push that is not answered in time is not sent again: it would only add to what is measured.
  gateway.simulator.configure({ attempts: 1 })
  const url = `http://127.0.0.1:${hook.address().port}/`
  await gateway.call('PUT', '/subscriptions/replies', { match: { types: ['wechat.message.*'] }, sink: { kind: 'webhook', url }, reply: true })
  await delay(1_000)
  await rated(WARM_UP_SECONDS)
  const answered = await rated(SECONDS)
  const times = answered.map(({ ms }) => ms)
  const replied = answered.filter(({ hasReply }) => hasReply).length

  // A stream never answers.
  await gateway.call('PUT', '/subscriptions/replies', { match: { types: ['wechat.message.*'] }, sink: { kind: 'stream' }, reply: true })
  await delay(1_000)
  const silent = await Promise.all(Array.from({ length: SILENT }, push))
  const punctual = silent.filter(({ ms, body }) => body === 'success' && ms >= DEADLINE_MS && ms <= DEADLINE_MS + ALLOWANCE_MS).length

  const beforeMb = residentMb(ingress.pid)
  const waiting = Array.from({ length: WAITING }, push)
  const peak = { mb: beforeMb }
  const sampling = (async () => {
    const endsAt = performance.now() + DEADLINE_MS
    while (performance.now() < endsAt) {
      peak.mb = Math.max(peak.mb, residentMb(ingress.pid))
      await delay(200)
    }
  })()
  const held = await Promise.all(waiting)
  await sampling
  console.log(
    JSON.stringify(
      {
        answering: { pushesPerSecond: PER_SECOND, pushes: times.length, replied, p50Ms: at(times, 0.5), p99Ms: at(times, 0.99) },
        silent: { pushes: SILENT, shareInTime: punctual / SILENT, latestMs: Math.round(Math.max(...silent.map(({ ms }) => ms))) },
        waiting: { pushes: WAITING, beforeMb, peakMb: peak.mb, acknowledged: held.filter(({ body }) => body === 'success').length },
      },
      undefined,
      2,
    ),
  )
} finally {
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
  const { attempts, reply } = await gateway.simulator.sendText(gateway.account.appId, { openId: `o${sent}`, content: msgId, msgId })
  return { ms: attempts[0].ms, body: attempts[0].body, hasReply: reply !== undefined }
}

function at(times, share) {
  const sorted = times.toSorted((left, right) => left - right)
  return Number((sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1))
}
