// Owns: a whole gateway for a test: real ingress and worker processes over a Redis of the test's own, WeChat played by the simulator.
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { freePort } from './free-port.ts'
import type { RedisForm } from './redis-forms.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { type Call, type Component, createStack, type Ingress, newComponent, pushUrls, type Stack } from './stack.ts'

export { API_KEY, type Ingress, type Worker } from './stack.ts'

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
  deliveries: Array<{
    subscription: string
    status: string
    attempts: number
    lastError: string | null
    deliveredAt: string | null
  }>
  sentBy: string
  jobId: string
  replayId: string
  matched: number
  failed: number
  seen: number
  added: number
  repaired: number
  waiting: number
  inFlight: number
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

export type Gateway = Omit<Stack, 'call' | 'callOn'> & {
  redis: RedisServer
  simulator: Simulator
  component: Component
  publicUrl: string
  internalUrl: string
  call: Call<Answer>
  callOn(platform: string, key?: string): Call<Answer>
}

export type GatewayOptions = {
  /** Default: one of its own, stopped with the gateway like this one. */
  redis?: RedisServer
  /** Instead of one server; stopped by the test. */
  form?: RedisForm
  ingresses?: number
  workers?: number
  env?: Record<string, string>
  component?: Partial<Component>
  simulator?: Partial<Parameters<typeof startSimulator>[0]>
}

export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const redis = options.redis ?? options.form?.servers[0] ?? (await startRedis())
  const component = { ...newComponent(), ...options.component }
  const publicPort = await freePort()
  const simulator = await startSimulator({ component, ...pushUrls(publicPort), port: 0, ...options.simulator })
  const stack = createStack({
    component,
    wechatUrl: simulator.url,
    env: { ...(options.form?.env ?? { REDIS_URL: redis.url }), ...options.env },
  })

  async function stop(): Promise<void> {
    await stack.stop()
    await simulator.close()
    if (!options.form) await redis.stop()
  }

  const starting: Promise<[Ingress, ...unknown[]]> = Promise.all([
    stack.startIngress({ publicPort }),
    ...Array.from({ length: (options.ingresses ?? 1) - 1 }, () => stack.startIngress()),
    ...Array.from({ length: options.workers ?? 1 }, () => stack.startWorker()),
  ])
  // Nobody else could: what is running is not handed out yet.
  const [{ publicUrl, internalUrl }] = await starting.catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    ...stack,
    redis,
    simulator,
    component,
    publicUrl,
    internalUrl,
    stop,
  }
}
