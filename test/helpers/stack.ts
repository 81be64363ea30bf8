// Owns: a gateway of real processes on this machine, for tests, chaos, benchmarks and the demo: settings, ingresses, workers and calls.
// Redis and WeChat are the caller's.
import { randomBytes } from 'node:crypto'
import type { Simulator } from '@wxgw/simulator'
import { freePort } from './free-port.ts'
import { type RunningProcess, startProcess } from './process.ts'
import { until } from './until.ts'

export const API_KEY = 'test-key-of-at-least-32-characters-0123456789'
const HOST = '127.0.0.1'
const JSON_BODY = { 'content-type': 'application/json' }
/** A start costs a second or two of a core, which a suite that uses all of them gives it late. */
const START_TIMEOUT_MS = 60_000

export type Component = { appId: string; appSecret: string; token: string; encodingAesKey: string }
export type Ingress = { process: RunningProcess; publicUrl: string; internalUrl: string }
export type Worker = { process: RunningProcess; url: string }

/** Free ports unless they are named. */
export type IngressOptions = { publicPort?: number; internalPort?: number; env?: Record<string, string> }
export type WorkerOptions = { port?: number; env?: Record<string, string> }

export type StackOptions = {
  component: Component
  /** Of the APIs and of the pages. */
  wechatUrl: string
  /** Redis and whatever differs from the defaults; of every process, then of one kind. */
  env: Record<string, string>
  ingressEnv?: Record<string, string>
  workerEnv?: Record<string, string>
  /** Of Node.js. */
  nodeArgs?: readonly string[]
  start?(main: string, env: Record<string, string>): RunningProcess
  /** Default: `untilAlive`. */
  untilStarted?(process: RunningProcess, url: string): Promise<void>
}

/** Of whatever shape the caller declares it to have. */
type Json = ReturnType<typeof JSON.parse>

/** Of one platform; `path` begins behind its name. */
export type Call<Body> = (
  method: string,
  path: string,
  body?: unknown,
) => Promise<{ status: number; body: Body; headers: Headers }>

export type Stack = {
  /** Of every process, but for ports. */
  env: Record<string, string>
  /** All that were started, those that have ended included. */
  ingresses: Ingress[]
  workers: Worker[]
  /** Resolves when it answers. */
  startIngress(options?: IngressOptions): Promise<Ingress>
  startWorker(options?: WorkerOptions): Promise<Worker>
  /** The same, but resolves before it answers. */
  spawnIngress(options?: IngressOptions): Promise<Ingress>
  spawnWorker(options?: WorkerOptions): Promise<Worker>
  /** The header of a caller with all rights. */
  auth: { authorization: string }
  /** A call for the platform `open1` on the internal listener of the first ingress. */
  call: Call<Json>
  /** The same for another platform, and with another caller's key. */
  callOn(platform: string, key?: string): Call<Json>
  /** Kills every process, also one that was stopped. */
  stop(): Promise<void>
}

export function createStack(options: StackOptions): Stack {
  const { nodeArgs, start = (main, env) => startProcess(main, env, nodeArgs), untilStarted = untilAlive } = options
  const env = { ...environmentOf(options.component, options.wechatUrl), ...options.env }
  const auth = { authorization: `Bearer ${API_KEY}` }
  const ingresses: Ingress[] = []
  const workers: Worker[] = []

  async function spawnIngress({ publicPort, internalPort, env: own = {} }: IngressOptions = {}): Promise<Ingress> {
    const ports = [publicPort ?? (await freePort()), internalPort ?? (await freePort())]
    const [publicUrl = '', internalUrl = ''] = ports.map((port) => `http://${HOST}:${port}`)
    const process = start('apps/ingress/dist/main.js', {
      PUBLIC_BASE_URL: publicUrl,
      ...env,
      ...options.ingressEnv,
      ...own,
      PUBLIC_PORT: String(ports[0]),
      INTERNAL_PORT: String(ports[1]),
    })
    const ingress = { process, publicUrl, internalUrl }
    ingresses.push(ingress)
    return ingress
  }

  async function spawnWorker({ port, env: own = {} }: WorkerOptions = {}): Promise<Worker> {
    const ownPort = port ?? (await freePort())
    const process = start('apps/worker/dist/main.js', {
      ...env,
      ...options.workerEnv,
      ...own,
      WORKER_PORT: String(ownPort),
    })
    const worker = { process, url: `http://${HOST}:${ownPort}` }
    workers.push(worker)
    return worker
  }

  function callOn(platform: string, key = API_KEY): Call<Json> {
    return async (method, path, body) => {
      const headers = { authorization: `Bearer ${key}`, ...(body === undefined ? {} : JSON_BODY) }
      const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const response = await fetch(`${ingresses[0]?.internalUrl}/apis/v1/wx/${platform}${path}`, init)
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
    }
  }

  return {
    env,
    ingresses,
    workers,
    auth,
    spawnIngress,
    spawnWorker,
    async startIngress(of = {}) {
      const ingress = await spawnIngress(of)
      await untilStarted(ingress.process, of.env?.['LISTENERS'] === 'public' ? ingress.publicUrl : ingress.internalUrl)
      return ingress
    },
    async startWorker(of) {
      const worker = await spawnWorker(of)
      await untilStarted(worker.process, worker.url)
      return worker
    },
    call: callOn('open1'),
    callOn,
    async stop() {
      await Promise.all([...ingresses, ...workers].map(({ process }) => killed(process)))
    },
  }
}

export function newComponent(): Component {
  return {
    appId: `wx${randomBytes(8).toString('hex')}`,
    appSecret: randomBytes(16).toString('hex'),
    token: randomBytes(8).toString('hex'),
    encodingAesKey: randomBytes(40)
      .toString('base64')
      .replace(/[^A-Za-z0-9]/g, 'x')
      .slice(0, 43),
  }
}

/** Where WeChat pushes to. */
export function pushUrls(publicPort: number, platform = 'open1'): { eventUrl: string; callbackUrl: string } {
  const base = `http://${HOST}:${publicPort}/apis/v1/wx/${platform}`
  return { eventUrl: `${base}/event`, callbackUrl: `${base}/$APPID$/callback` }
}

/** A ticket, a component token, and an account with its token. Needs an ingress and a worker. */
export async function authorizeAccount(
  call: (method: string, path: string) => Promise<{ status: number }>,
  { simulator, account }: { simulator: Simulator; account: { appId: string; userName: string } },
): Promise<void> {
  const isThere = async (path: string) => (await call('GET', path)).status === 200
  await until('a ticket is taken', async () => (await simulator.pushTicket()).ok, { everyMs: 200 })
  await until('there is a component token', () => isThere('/component_access_token'), { everyMs: 50 })
  if (simulator.accounts.every(({ appId }) => appId !== account.appId)) simulator.addAccount(account)
  await simulator.authorize(account.appId)
  await until('the account has a token', () => isThere(`/access_token/${account.appId}`), { everyMs: 50 })
}

/** Until `/healthz` answers. Rejects when the process ends before. */
export async function untilAlive(process: RunningProcess, url: string): Promise<void> {
  await until(
    `${url} answers`,
    async () => {
      if (process.child.exitCode !== null)
        throw new Error(`the process ended with ${process.child.exitCode}:\n${process.output()}`)
      return fetch(`${url}/healthz`).then(
        (response) => response.ok,
        () => false,
      )
    },
    { timeoutMs: START_TIMEOUT_MS, everyMs: 50 },
  )
}

/** Without Redis and ports; new sealing keys each time. */
function environmentOf(component: Component, wechatUrl: string): Record<string, string> {
  return {
    WX_COMPONENT_APPID: component.appId,
    WX_COMPONENT_APPSECRET: component.appSecret,
    WX_TOKEN: component.token,
    WX_ENCODING_AES_KEY: component.encodingAesKey,
    WX_API_BASE_URL: wechatUrl,
    WX_MP_BASE_URL: wechatUrl,
    WX_OPEN_BASE_URL: wechatUrl,
    API_KEYS: `test=${API_KEY}`,
    SEALING_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    PUBLIC_HOST: HOST,
    INTERNAL_HOST: HOST,
    WORKER_HOST: HOST,
  }
}

/** What is stopped cannot be killed tidily. */
function killed(process: RunningProcess): Promise<number | null> {
  process.child.kill('SIGCONT')
  return process.end('SIGKILL')
}
