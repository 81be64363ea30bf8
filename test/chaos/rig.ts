// Owns: a gateway whose every wire can be cut: processes as in production, a Redis each reaches through a proxy of its own,
// WeChat behind a third one. What is done to it is the scenarios' business.
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { freePort } from '../helpers/free-port.ts'
import type { RunningProcess } from '../helpers/process.ts'
import { connectRedis, type RedisConnection } from '@wxgw/redis'
import { loadConfig } from '@wxgw/runtime'
import type { RedisForm } from '../helpers/redis-forms.ts'
import { type RedisServer, startRedis } from '../helpers/redis-server.ts'
import { authorizeAccount, type Component, createStack, newComponent, pushUrls, untilAlive } from '../helpers/stack.ts'
import { AUTHORIZER } from './pusher.ts'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

export type Member = { process: RunningProcess; url: string; publicUrl: string }

export type Gateway = {
  redis: RedisServer
  simulator: Simulator
  component: Component
  /** The wires: from all ingresses to Redis, from all workers to Redis, from both to WeChat. */
  wires: { ingress: TcpProxy; worker: TcpProxy; wechat: TcpProxy }
  ingresses: Member[]
  workers: Member[]
  /** Of those that a load balancer would send to. */
  publicUrls(): string[]
  outOfService: Set<Member>
  /** Again on the ports of one that has ended, or a new one. */
  startIngress(again?: Member): Promise<Member>
  /** `extraEnv` for this one alone. */
  startWorker(extraEnv?: Record<string, string>): Promise<Member>
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown>; ms: number }>
  /** As a consumer that waits for ever, past every wire; closed with the gateway. */
  connect(): RedisConnection
  stop(): Promise<void>
}

export type GatewayOptions = {
  ingresses?: number
  workers?: number
  env?: Record<string, string>
  redisArguments?: readonly string[]
  /** Instead of one server behind wires; stopped by the scenario. */
  form?: RedisForm | undefined
  /** Redis does not run yet. */
  withoutRedis?: boolean
}

const HOST = '127.0.0.1'

/** With a ticket and one authorized account, unless Redis is away. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const { form } = options
  const redis = form?.servers[0] ?? (await startRedis(['--appendfsync', 'always', ...(options.redisArguments ?? [])]))
  if (options.withoutRedis) await redis.kill()
  const component = newComponent()
  const firstPort = await freePort()
  const firstPorts = [firstPort]
  const simulator = await startSimulator({ component, ...pushUrls(firstPort), port: 0 })
  const wires = {
    ingress: await startTcpProxy({ port: redis.port }),
    worker: await startTcpProxy({ port: redis.port }),
    wechat: await startTcpProxy({ port: simulator.port }),
  }
  const redisThrough = (wire: TcpProxy) => form?.env ?? { REDIS_URL: `redis://${HOST}:${wire.port}` }
  const stack = createStack({
    component,
    wechatUrl: `http://${HOST}:${wires.wechat.port}`,
    // Of hundreds of thousands of deliveries, only what went wrong is looked at; all of it when somebody looks for a cause.
    env: { LOG_LEVEL: process.env['CHAOS_LOGS'] === undefined ? 'warn' : 'info', ...options.env },
    ingressEnv: redisThrough(wires.ingress),
    workerEnv: redisThrough(wires.worker),
  })
  const consumers = new Set<RedisConnection>()
  const ingresses: Member[] = []
  const workers: Member[] = []
  const outOfService = new Set<Member>()

  async function startIngress(again?: Member): Promise<Member> {
    const ports = again
      ? { publicPort: portOf(again.publicUrl), internalPort: portOf(again.url) }
      : { publicPort: firstPorts.pop() ?? (await freePort()) }
    const { process, publicUrl, internalUrl } = await stack.spawnIngress(ports)
    const member = { process, publicUrl, url: internalUrl }
    // A load balancer sends to nobody who does not answer yet.
    outOfService.add(member)
    if (again) ingresses.splice(ingresses.indexOf(again), 1, member)
    else ingresses.push(member)
    await untilAlive(process, member.url)
    outOfService.delete(member)
    if (again) outOfService.delete(again)
    return member
  }

  async function startWorker(env: Record<string, string> = {}): Promise<Member> {
    const { process, url } = await stack.spawnWorker({ env })
    const member = { process, url, publicUrl: '' }
    workers.push(member)
    await untilAlive(process, url)
    return member
  }

  const gateway: Gateway = {
    redis,
    simulator,
    component,
    wires,
    ingresses,
    workers,
    publicUrls: () => {
      const serving = ingresses.filter((member) => !outOfService.has(member))
      // With nobody in service a load balancer has nothing better than to try.
      return (serving.length > 0 ? serving : ingresses).map(({ publicUrl }) => publicUrl)
    },
    outOfService,
    startIngress,
    startWorker,
    async call(method, path, body) {
      const startedAt = performance.now()
      const answer = await stack.call(method, path, body)
      return { ...answer, ms: Math.round(performance.now() - startedAt) }
    },
    connect() {
      const { redis: settings } = loadConfig({ env: { ...stack.env, REDIS_URL: redis.url, ...form?.env } })
      const connection = connectRedis(settings, 'blocking', () => undefined)
      consumers.add(connection)
      return connection
    },
    async stop() {
      for (const connection of consumers) connection.disconnect()
      await stack.stop()
      await simulator.close()
      await Promise.all(Object.values(wires).map((wire) => wire.close()))
      if (!form) await redis.stop()
    },
  }

  try {
    await Promise.all([
      ...Array.from({ length: options.ingresses ?? 1 }, () => startIngress()),
      ...Array.from({ length: options.workers ?? 1 }, () => startWorker()),
    ])
    if (!options.withoutRedis) await authorizeOne(gateway)
  } catch (error) {
    await gateway.stop()
    throw error
  }
  return gateway
}

/** A ticket, then the account that the pushes are for. */
export async function authorizeOne({ simulator, call }: Gateway): Promise<void> {
  await authorizeAccount(call, { simulator, account: AUTHORIZER })
}

/** `ready`, or what is missing. */
export async function readinessOf(member: Member): Promise<string> {
  const response = await fetch(`${member.url}/readyz`)
  const text = await response.text()
  return response.status === 200 ? 'ready' : text
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}
