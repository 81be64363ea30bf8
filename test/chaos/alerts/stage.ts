// Owns: a gateway under good traffic, scraped by a Prometheus: what each fault is caused in. Users write and wait for
// replies; tickets come, accounts authorize, tokens are read; a webhook and a queue take every event.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Simulator, startSimulator } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import { type Hook, startHook, startQueueConsumer } from '../../helpers/consumers.ts'
import { freePort } from '../../helpers/free-port.ts'
import { type RedisServer, startRedis } from '../../helpers/redis-server.ts'
import {
  authorizeAccount,
  createStack,
  type Ingress,
  newComponent,
  pushUrls,
  type Stack,
  type Worker,
} from '../../helpers/stack.ts'
import { until } from '../../helpers/until.ts'
import { type Prometheus, startPrometheus } from './prometheus.ts'

export type Stage = Pick<Stack, 'call'> & {
  redis: RedisServer
  /** Of the operator. */
  admin: Redis
  simulator: Simulator
  prometheus: Prometheus
  /** What answers the users whose pushes wait for a reply. */
  bot: Hook
  /** The names of the subscriptions that take everything. */
  subscriptions: readonly string[]
  /** A webhook that is closed with the stage. */
  startHook: (answer?: Hook['answer']) => Promise<Hook>
  consume(subscription: string): Promise<void>
  /** The one that runs: with `env` of its own from now on, if it is given. */
  worker(): Worker
  startWorker(env?: Record<string, string>): Promise<void>
  stop(): Promise<void>
}

export const APP = 'wx00000000000000a1'
/** Comes and goes. */
const RESTLESS_APP = 'wx00000000000000a2'
/** The Redis user of the gateway. */
export const GATEWAY_USER = 'gateway'
const PASSWORD = 'password-of-the-gateway'
const TICKET_EVERY_SECONDS = 5
const PUSH_EVERY_MS = 100
const READ_EVERY_MS = 500
const AUTHORIZE_EVERY_MS = 10_000

export async function startStage(rules: readonly object[]): Promise<Stage> {
  const closing: Array<() => unknown> = []
  const scope = { teardown: (close: () => unknown) => void closing.push(close) }
  const stop = async () => {
    for (const close of closing.toReversed()) await close()
  }
  try {
    return { ...(await build(scope, rules)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function build(
  scope: { teardown(close: () => unknown): void },
  rules: readonly object[],
): Promise<Omit<Stage, 'stop'>> {
  const redis = await startRedis(['--user', GATEWAY_USER, 'on', `>${PASSWORD}`, '~*', '&*', '+@all'])
  scope.teardown(() => redis.stop())
  const admin = new Redis(redis.url)
  admin.on('error', () => {})
  scope.teardown(() => admin.disconnect())
  const component = newComponent()
  const publicPort = await freePort()
  const simulator = await startSimulator({
    ...{ component, ...pushUrls(publicPort), port: 0 },
    ...{ attempts: 1, circuitBreaker: undefined, ticketIntervalSeconds: TICKET_EVERY_SECONDS },
  })
  scope.teardown(() => simulator.close())
  const spoolDir = await mkdtemp(join(tmpdir(), 'wxgw-alerts-spool-'))
  scope.teardown(() => rm(spoolDir, { recursive: true, force: true }))
  const stack = createStack({
    component,
    wechatUrl: simulator.url,
    env: {
      REDIS_URL: redis.url.replace('//', `//${GATEWAY_USER}:${PASSWORD}@`),
      ...{ LOG_LEVEL: 'warn', MESSAGE_SHARDS: '2', SPOOL_DIR: spoolDir },
      // Faults of minutes become faults of seconds.
      ...{ SWEEP_INTERVAL_SECONDS: '5', FORCE_MIN_INTERVAL_SECONDS: '1' },
    },
  })
  scope.teardown(() => stack.stop())
  const [ingress, firstWorker] = await Promise.all([stack.startIngress({ publicPort }), stack.startWorker()])
  let worker = firstWorker
  const isRunning = ({ process: { child } }: Worker) => child.exitCode === null && child.signalCode === null
  const prometheus = await startPrometheus(rules)
  scope.teardown(() => prometheus.stop())
  const scrapeAll = () => prometheus.scrape([ingress, ...stack.workers.filter(isRunning)].map(metricsUrl))

  simulator.addAccount({ appId: RESTLESS_APP, userName: 'gh_restless' })
  await authorizeAccount(stack.call, { simulator, account: { appId: APP, userName: 'gh_alerts' } })
  const [hook, bot] = await Promise.all([
    startHook(scope),
    startHook(scope, () => ({ status: 200, body: { reply: { MsgType: 'text', Content: 'hello' } } })),
  ])
  const sinks = {
    bot: { match: { types: ['wechat.message.text'] }, sink: { kind: 'webhook', url: bot.url }, reply: true },
    crm: { sink: { kind: 'webhook', url: hook.url } },
    queue: { sink: { kind: 'queue' } },
  }
  for (const [name, body] of Object.entries(sinks)) await stack.call('PUT', `/subscriptions/${name}`, body)
  const consume = async (subscription: string) =>
    void (await startQueueConsumer(scope, { call: stack.call, redis }, { subscription }))
  await consume('queue')
  scope.teardown(startTraffic(stack, simulator))
  await scrapeAll()
  const isScraped = async () => (await prometheus.query('wxgw_workers > 0 and on() wxgw_redis_memory_share')).length > 0
  await until('the processes are scraped', isScraped, { everyMs: 200 })

  return {
    call: stack.call,
    ...{ redis, admin, simulator, prometheus, bot, consume, subscriptions: Object.keys(sinks) },
    startHook: (answer) => startHook(scope, answer),
    worker: () => worker,
    async startWorker(env = {}) {
      worker = await stack.startWorker({ env })
      await scrapeAll()
    },
  }
}

function metricsUrl(process: Ingress | Worker): string {
  return 'url' in process ? process.url : process.internalUrl
}

/** Answers how to end it. What fails meanwhile is for the alerts to say. */
function startTraffic({ call }: Pick<Stack, 'call'>, simulator: Simulator): () => Promise<unknown> {
  let isOver = false
  const again = async (everyMs: number, act: (turn: number) => Promise<unknown>) => {
    for (let turn = 0; !isOver; turn += 1) {
      // Each in its time, however long the one before takes.
      void act(turn).catch(() => undefined)
      await delay(everyMs)
    }
  }
  const running = [
    again(PUSH_EVERY_MS, (turn) => simulator.sendText(APP, { openId: `o${turn % 50}`, content: 'hello' })),
    again(READ_EVERY_MS, () => call('GET', `/access_token/${APP}`)),
    again(AUTHORIZE_EVERY_MS, (turn) =>
      turn % 2 === 0 ? simulator.authorize(RESTLESS_APP) : simulator.unauthorize(RESTLESS_APP),
    ),
  ]
  return () => {
    isOver = true
    return Promise.all(running)
  }
}
