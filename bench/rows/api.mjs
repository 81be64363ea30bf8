// Owns: the rows "API calls": throughput of forwarded calls against a plain proxy, in pairs; the latency it adds;
// memory during uploads, and acks of pushes beside them. The ingress has the internal listener alone, as recommended
// for many calls.
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { median, round } from '../load/histogram.mjs'
import { freePort } from '../../test/dist/helpers/free-port.js'
import { listens, ROOT, startServer } from '../stack/processes.mjs'
import { perItem, residentMb, withUsage } from '../stack/usage.mjs'

const CONNECTIONS = 64
const GOALS = { ratio: 0.8, p50Ms: 1, p99Ms: 5, grownMb: 50, ackRatio: 2 }
const RATE = 1_000
const UPLOADS = 50
const UPLOAD_BYTES = 10_000_000
const CHUNK = Buffer.alloc(65_536, 'x')
const SAMPLE_MS = 20
const PUSHES = { rate: 500, connections: 64 }
/** 2 MB a second per upload: unthrottled uploads would measure how two cores are shared. */
const PAUSE_MS = 32

export async function api({ gateway, load, plan, messages }) {
  const ports = { wechat: await freePort(), plain: await freePort() }
  const servers = [await started('wechat', ports.wechat, ['bench/stack/wechat-server.mjs', String(ports.wechat)])]
  const wechatUrl = `http://127.0.0.1:${ports.wechat}`
  try {
    const hasPlain = existsSync(`${ROOT}bench/peers/node_modules/@fastify/http-proxy`)
    const plain = hasPlain
      ? await started('plain proxy', ports.plain, ['bench/peers/plain-proxy.mjs', String(ports.plain), wechatUrl])
      : undefined
    if (plain) servers.push(plain)
    // Redis has the tokens already: no refresh is needed.
    await gateway.restartIngress({ WX_API_BASE_URL: wechatUrl, LISTENERS: 'internal' })
    const call = {
      path: `/apis/v1/wx/open1/api/${gateway.account.appId}/cgi-bin/user/info?openid=oUSER`,
      headers: { authorization: `Bearer ${gateway.apiKey}` },
    }
    const plainCall = { path: '/cgi-bin/user/info?access_token=TOKEN&openid=oUSER', headers: {} }
    const deps = { gateway, load, plan, ports, call, plainCall }
    await load.run({
      port: gateway.ports.internal,
      get: [call],
      connections: CONNECTIONS,
      durationMs: plan.warmUpMs,
      warmupMs: 0,
    })
    const calls = [
      ...(plain ? [await throughput({ ...deps, plain })] : []),
      ...(await added(deps)),
      await uploads(deps),
    ]
    return [...calls, ...(await acksBesideUploads({ ...deps, messages, wechatUrl }))]
  } finally {
    for (const server of servers) await server.stop()
    await gateway.restartIngress({})
  }
}

async function throughput({ gateway, load, plan, ports, call, plainCall, plain: { pid } }) {
  const runs = []
  const options = { connections: CONNECTIONS, durationMs: plan.ackMs / 2, warmupMs: 300 }
  const plain = () => load.run({ ...options, port: ports.plain, get: [plainCall] })
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    const { result: before, cpu: plainCpu } = await withUsage({ plain: pid }, plain)
    const pids = { ingress: gateway.processes.ingress.pid, redis: gateway.redis.pid }
    const { result, cpu } = await withUsage(pids, () =>
      load.run({ ...options, port: gateway.ports.internal, get: [call] }),
    )
    const after = await plain()
    for (const one of [before, result, after]) expectOk(one)
    const plainPerSecond = (before.perSecond + after.perSecond) / 2
    runs.push({
      ratio: round(result.perSecond / plainPerSecond, 3),
      perSecond: result.perSecond,
      plainPerSecond,
      cpu: { ...perItem(cpu, result.sent), ...perItem(plainCpu, before.sent) },
    })
  }
  const ratios = runs.map(({ ratio }) => ratio)
  const detail = {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    plainPerSecond: median(runs.map(({ plainPerSecond }) => plainPerSecond)),
    cpuMicroseconds: runs.at(-1).cpu,
  }
  const value = median(ratios)
  return {
    row: `API calls, ${CONNECTIONS} connections`,
    unit: 'x @fastify/http-proxy',
    runs: ratios,
    value,
    goal: `>= ${GOALS.ratio}`,
    detail,
    ok: value >= GOALS.ratio,
  }
}

/** The latency added to a direct call of WeChat, at a rate below saturation. */
async function added({ gateway, load, plan, ports, call, plainCall }) {
  const runs = []
  const options = { connections: CONNECTIONS, rate: RATE, durationMs: plan.latencyMs, warmupMs: 1_000 }
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    const direct = await load.run({ ...options, port: ports.wechat, get: [plainCall] })
    const through = await load.run({ ...options, port: gateway.ports.internal, get: [call] })
    for (const one of [direct, through]) expectOk(one)
    runs.push({
      p50: round(through.latencyMs.p50 - direct.latencyMs.p50, 2),
      p99: round(through.latencyMs.p99 - direct.latencyMs.p99, 2),
    })
  }
  return [
    ['p50', GOALS.p50Ms],
    ['p99', GOALS.p99Ms],
  ].map(([name, goal]) => {
    const each = runs.map((run) => run[name])
    const value = median(each)
    return {
      row: `API calls, added ${name} at ${RATE}/s`,
      unit: 'ms',
      runs: each,
      value,
      goal: `< ${goal}`,
      detail: {},
      ok: value < goal,
    }
  })
}

async function uploads({ gateway, plan }) {
  const runs = []
  for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
    // The first uploads allocate buffers that the process keeps.
    if (repeat === 0) await Promise.all(Array.from({ length: UPLOADS }, () => upload(throughGateway(gateway))))
    const before = residentMb(gateway.processes.ingress.pid)
    let most = before
    const sampling = setInterval(() => {
      most = Math.max(most, residentMb(gateway.processes.ingress.pid))
    }, SAMPLE_MS)
    await Promise.all(Array.from({ length: UPLOADS }, () => upload(throughGateway(gateway))))
    clearInterval(sampling)
    runs.push(most - before)
  }
  const value = median(runs)
  return {
    row: `${UPLOADS} uploads of 10 MB at once, memory`,
    unit: 'MB more',
    runs,
    value,
    goal: `< ${GOALS.grownMb}`,
    detail: {},
    ok: value < GOALS.grownMb,
  }
}

/**
 * The p99 of acks during uploads through the gateway, as a ratio to that during direct uploads to WeChat's server: sending
 * and receiving 100 MB a second takes CPU of the machine in both cases.
 */
async function acksBesideUploads({ gateway, load, plan, messages, wechatUrl, ports }) {
  const settings = { WX_API_BASE_URL: wechatUrl }
  const kinds = [
    ['in the same process', () => gateway.restartIngress(settings)],
    ['in another process', () => gateway.splitIngress(settings)],
  ]
  const rows = []
  for (const [where, start] of kinds) {
    await start()
    await acks({ gateway, load, plan, messages })
    const runs = []
    for (let repeat = 0; repeat < plan.repeats; repeat += 1) {
      const quiet = await acks({ gateway, load, plan, messages })
      const acksBeside = async (target) => {
        const uploading = startUploads(target)
        return { ...(await acks({ gateway, load, plan, messages })), uploads: await uploading.stop() }
      }
      const straight = await acksBeside(straightTo(ports.wechat))
      const beside = await acksBeside(throughGateway(gateway))
      runs.push({ ratio: round(beside.p99 / straight.p99, 2), quiet, straight, beside })
    }
    const value = median(runs.map(({ ratio }) => ratio))
    const all = (name) =>
      runs.map(({ quiet, straight, beside }) => `${quiet[name]}, ${straight[name]}, ${beside[name]}`).join('; ')
    const detail = {
      'p50Ms, p99Ms': 'none, straight, through',
      p50Ms: all('p50'),
      p99Ms: all('p99'),
      uploads: runs.at(-1).beside.uploads,
    }
    const row = `ack p99 at ${PUSHES.rate}/s beside ${UPLOADS} uploads ${where}`
    rows.push({
      row,
      unit: 'x uploads without gateway',
      runs: runs.map(({ ratio }) => ratio),
      value,
      goal: `< ${GOALS.ackRatio}`,
      detail,
      ok: value < GOALS.ackRatio,
    })
  }
  return rows
}

async function acks({ gateway, load, plan, messages }) {
  await messages.prepare(Math.ceil((PUSHES.rate * (plan.latencyMs + 1_000)) / 1000) + 100)
  const result = await load.run({ ...PUSHES, port: gateway.ports.public, durationMs: plan.latencyMs, warmupMs: 1_000 })
  messages.expectAccepted(result)
  const { p50, p99 } = result.latencyMs
  return { p50, p99 }
}

/** Uploads in parallel loops. `stop` returns the number of finished ones. */
function startUploads(target) {
  let isOver = false
  let ended = 0
  const places = Array.from({ length: UPLOADS }, async () => {
    while (!isOver) {
      await upload(target, pacedChunks)
      ended += 1
    }
  })
  return {
    async stop() {
      isOver = true
      await Promise.all(places)
      return ended
    },
  }
}

function throughGateway({ account, apiKey, ports }) {
  const path = `/apis/v1/wx/open1/api/${account.appId}/cgi-bin/media/upload?type=image`
  return { port: ports.internal, path, headers: { authorization: `Bearer ${apiKey}` } }
}

function straightTo(port) {
  return { port, path: '/cgi-bin/media/upload?access_token=TOKEN&type=image', headers: {} }
}

function upload(target, body = chunks) {
  const headers = { ...target.headers, 'content-type': 'application/octet-stream', 'content-length': UPLOAD_BYTES }
  return new Promise((resolve, reject) => {
    const outgoing = request({ ...target, host: '127.0.0.1', method: 'POST', headers }, (response) => {
      response.resume()
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`an upload was answered ${response.statusCode}`)),
      )
    })
    outgoing.on('error', reject)
    Readable.from(body()).pipe(outgoing)
  })
}

function* chunks() {
  for (let left = UPLOAD_BYTES; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, Math.min(left, CHUNK.length))
}

async function* pacedChunks() {
  for (const chunk of chunks()) {
    yield chunk
    await delay(PAUSE_MS)
  }
}

function started(name, port, args) {
  return startServer(name, { args, isReady: () => listens(port) })
}

function expectOk({ statuses }) {
  if (Object.keys(statuses).some((status) => status !== '200'))
    throw new Error(`calls were answered ${JSON.stringify(statuses)}`)
}
