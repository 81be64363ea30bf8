// Owns: a whole gateway for a test: real ingress and worker processes over a Redis of the test's own, WeChat played by the simulator.
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { freePort } from './free-port.ts'
import { API_KEY, environmentOf, newComponent, untilAlive } from './gateway-process.ts'
import { type RunningProcess, startProcess } from './process.ts'
import type { RedisForm } from './redis-forms.ts'
import { type RedisServer, startRedis } from './redis-server.ts'

export { API_KEY } from './gateway-process.ts'

/** Whatever the routes answer, field by field: a test reads what it expects to be there. */
export type Answer = Partial<{
  code: string
  requestId: string
  errcode: number
  token: string
  ticket: string
  signature: string
  expires_in: number
  expiresAt: string
  url: string
  status: string
  appid: string
  nick_name: string | null
  authorizer_appid: string
  authorizer_access_token: string
  authorizer_refresh_token: string
  func_info: unknown[]
  sink: { kind: string; queue: string; prefix?: string; stream: string; url: string; secret: string }
  enabled: boolean
  items: Answer[]
  nextCursor: string | null
  id: string
  type: string
  receivedAt: string
  lastError: string | null
  attempts: number
  subscription: string
  attempt: number
  outcome: string
  httpStatus: number | null
  answer: string | null
  eventId: string
  replayed: number
  delivered: number
  event: Event
  deliveries: Array<{ subscription: string; status: string; attempts: number; lastError: string | null; deliveredAt: string | null }>
  sentBy: string
  jobId: string
  replayId: string
  matched: number
  failed: number
  seen: number
  added: number
  repaired: number
  waiting: number
}>

/** An event as a consumer has it. */
export type Event = {
  id: string
  type: string
  source: string
  subject?: string
  time: string
  authorizerappid?: string
  replay?: string
  data: Record<string, unknown>
}

export type Ingress = { process: RunningProcess; publicUrl: string; internalUrl: string }
export type Worker = { process: RunningProcess; url: string }

export type Gateway = {
  redis: RedisServer
  simulator: Simulator
  component: { appId: string; appSecret: string; token: string; encodingAesKey: string }
  ingresses: Ingress[]
  workers: Worker[]
  publicUrl: string
  internalUrl: string
  /** On ports of its own, or on that of one that was ended. */
  startIngress(options?: { publicPort?: number; env?: Record<string, string> }): Promise<Ingress>
  startWorker(): Promise<Worker>
  /** Of its processes, but for their ports. */
  env: Record<string, string>
  /** The header of a caller with all rights. */
  auth: { authorization: string }
  /** A call on the internal listener with the test's key; the parsed answer beside its status. */
  call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Answer; headers: Headers }>
  stop(): Promise<void>
}

export type GatewayOptions = {
  /** Default: one of its own, stopped with the gateway like this one. */
  redis?: RedisServer
  /** Instead of one server; stopped by the test. */
  form?: RedisForm
  ingresses?: number
  workers?: number
  env?: Record<string, string>
  component?: Partial<Gateway['component']>
  simulator?: Partial<Parameters<typeof startSimulator>[0]>
}

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const redis = options.redis ?? options.form?.servers[0] ?? (await startRedis())
  const component = { ...newComponent(), ...options.component }
  const firstPublicPort = await freePort()
  const base = `http://127.0.0.1:${firstPublicPort}/apis/v1/wx/open1`
  const simulator = await startSimulator({
    component,
    eventUrl: `${base}/event`,
    callbackUrl: `${base}/$APPID$/callback`,
    port: 0,
    ...options.simulator,
  })
  const env = {
    ...(options.form?.env ?? { REDIS_URL: redis.url }),
    ...environmentOf(component, simulator.url),
    ...options.env,
  }
  const auth = { authorization: `Bearer ${API_KEY}` }
  const ingresses: Ingress[] = []
  const workers: Worker[] = []

  async function startIngress({ publicPort: port, env: own = {} }: { publicPort?: number; env?: Record<string, string> } = {}) {
    const publicPort = port ?? (await freePort())
    const internalPort = await freePort()
    const publicUrl = `http://127.0.0.1:${publicPort}`
    const process = startProcess('apps/ingress/dist/main.js', {
      PUBLIC_BASE_URL: publicUrl,
      ...env,
      ...own,
      PUBLIC_PORT: String(publicPort),
      INTERNAL_PORT: String(internalPort),
    })
    const ingress = { process, publicUrl, internalUrl: `http://127.0.0.1:${internalPort}` }
    ingresses.push(ingress)
    await untilAlive(process, own['LISTENERS'] === 'public' ? publicUrl : ingress.internalUrl)
    return ingress
  }

  async function startWorker(): Promise<Worker> {
    const port = await freePort()
    const process = startProcess('apps/worker/dist/main.js', { ...env, WORKER_PORT: String(port) })
    const worker = { process, url: `http://127.0.0.1:${port}` }
    workers.push(worker)
    await untilAlive(process, worker.url)
    return worker
  }

  async function stop(): Promise<void> {
    await Promise.all([...ingresses, ...workers].map(({ process }) => process.end('SIGKILL')))
    await simulator.close()
    if (!options.form) await redis.stop()
  }

  const starting = Promise.all([
    startIngress({ publicPort: firstPublicPort }),
    ...Array.from({ length: (options.ingresses ?? 1) - 1 }, () => startIngress()),
    ...Array.from({ length: options.workers ?? 1 }, startWorker),
  ])
  // Nobody else could: what is running is not handed out yet.
  const [first] = await starting.catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    redis,
    simulator,
    component,
    ingresses,
    workers,
    publicUrl: first.publicUrl,
    internalUrl: first.internalUrl,
    startIngress,
    startWorker,
    env,
    auth,
    async call(method, path, body) {
      const response = await fetch(`${first.internalUrl}/apis/v1/wx/open1${path}`, {
        method,
        headers: {
          ...auth,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
    },
    stop,
  }
}
