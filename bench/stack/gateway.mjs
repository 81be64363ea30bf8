// Owns: the gateway under measurement: its real processes over a private Redis, the simulator as WeChat, one authorized account.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { startSimulator } from '@wxgw/simulator'
import { freePort } from '../../scripts/free-port.mjs'
import { answersOk, startProcess } from './processes.mjs'
import { startRedis } from './redis-server.mjs'

const API_KEY = randomBytes(24).toString('hex')
const WAIT_MS = 20_000
/** As the commands of package.json and the image start the processes. */
const NODE_ARGS = ['--max-semi-space-size=16']

export const ACCOUNT = { appId: 'wxbe00000000000001', userName: 'gh_bench0000001' }

/** Ingress and worker are started when asked for, so that a row measures only what it needs. */
export async function startGateway({ fsync, env: extra = {}, nodeArgs = [] } = {}) {
  const redis = await startRedis({ fsync })
  const component = {
    appId: `wx${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    token: randomBytes(8).toString('hex'),
    encodingAesKey: randomBytes(33).toString('hex').slice(0, 43),
  }
  const ports = { public: await freePort(), internal: await freePort(), worker: await freePort() }
  const base = `http://127.0.0.1:${ports.public}/apis/v1/wx/open1`
  const simulator = await startSimulator({ component, eventUrl: `${base}/event`, callbackUrl: `${base}/$APPID$/callback`, port: 0 })
  const env = {
    REDIS_URL: redis.url,
    WX_COMPONENT_APPID: component.appId,
    WX_COMPONENT_APPSECRET: component.appSecret,
    WX_TOKEN: component.token,
    WX_ENCODING_AES_KEY: component.encodingAesKey,
    WX_API_BASE_URL: simulator.url,
    WX_MP_BASE_URL: simulator.url,
    WX_OPEN_BASE_URL: simulator.url,
    API_KEYS: `bench=${API_KEY}`,
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    PUBLIC_BASE_URL: `http://127.0.0.1:${ports.public}`,
    PUBLIC_HOST: '127.0.0.1',
    PUBLIC_PORT: String(ports.public),
    INTERNAL_HOST: '127.0.0.1',
    INTERNAL_PORT: String(ports.internal),
    WORKER_HOST: '127.0.0.1',
    WORKER_PORT: String(ports.worker),
    // Bodies are made before they are sent.
    PUSH_MAX_SKEW_SECONDS: '3600',
    DEDUPE_SECONDS: '7200',
    // A line per delivery is what an operator may turn off, and the load is what nobody's disk is made for.
    LOG_LEVEL: 'warn',
    ...extra,
  }
  const processes = {}

  async function start(name, port, others = {}, as = name) {
    const started = startProcess(name, { args: [...NODE_ARGS, ...nodeArgs, `apps/${name}/dist/main.js`], env: { ...env, ...others } })
    processes[as] = started
    await started.untilReady(() => answersOk(`http://127.0.0.1:${port}/healthz`))
    return started
  }

  async function call(method, path, body) {
    const response = await fetch(`http://127.0.0.1:${ports.internal}/apis/v1/wx/open1${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }

  return {
    redis,
    component,
    ports,
    processes,
    apiKey: API_KEY,
    account: ACCOUNT,
    simulator,
    call,
    startIngress: () => start('ingress', ports.internal),
    startWorker: () => start('worker', ports.worker),
    /** With other settings than the rest of the run. Nobody waits for an answer, so nothing is drained. */
    async restartIngress(settings) {
      await processes.ingress.stop('SIGKILL')
      await processes.calls?.stop('SIGKILL')
      await start('ingress', ports.internal, settings)
    },
    /** The same, each listener in a process of its own: `calls` has the internal one. */
    async splitIngress(settings) {
      await processes.ingress.stop('SIGKILL')
      await start('ingress', ports.public, { ...settings, LISTENERS: 'public' })
      await start('ingress', ports.internal, { ...settings, LISTENERS: 'internal' }, 'calls')
    },
    async stopWorker() {
      await processes.worker?.stop('SIGTERM')
    },
    /** A ticket, a token, an account: needs both processes. */
    async authorize() {
      simulator.addAccount(ACCOUNT)
      await simulator.pushTicket()
      await until('the component token', () => call('GET', '/component_access_token').catch(() => undefined))
      await simulator.authorize(ACCOUNT.appId)
      await until('the account', () => call('GET', `/access_token/${ACCOUNT.appId}`).catch(() => undefined))
    },
    /** So many more accounts, each with its token: answers their appids. Needs both processes. */
    async authorizeOthers(count) {
      const appIds = Array.from({ length: count }, (_, index) => `wxbe${String(index + 2).padStart(14, '0')}`)
      for (const [index, appId] of appIds.entries()) {
        simulator.addAccount({ appId, userName: `gh_bench${String(index + 2).padStart(7, '0')}` })
        await simulator.authorize(appId)
      }
      for (const appId of appIds) await until('another account', () => call('GET', `/access_token/${appId}`).catch(() => undefined))
      return appIds
    },
    async stop() {
      await Promise.all(Object.values(processes).map((running) => running.stop()))
      await simulator.close()
      await redis.stop()
    },
  }
}

export async function until(what, condition, { timeoutMs = WAIT_MS, everyMs = 20 } = {}) {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    const value = await condition()
    if (value) return value
    await delay(everyMs)
  }
  throw new Error(`waited in vain: ${what}`)
}
