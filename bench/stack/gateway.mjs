// Owns: the measured gateway: its real processes over a private Redis, the simulator as WeChat, and one authorized
// account.
import { startSimulator } from '@wxgw/simulator'
import { freePort } from '../../test/dist/helpers/free-port.js'
import { API_KEY, authorizeAccount, createStack, newComponent, pushUrls } from '../../test/dist/helpers/stack.js'
import { until } from '../../test/dist/helpers/until.js'
import { startRedis } from './redis-server.mjs'

export { until }

/** The options of package.json and the image. */
const NODE_ARGS = ['--max-semi-space-size=16']

export const ACCOUNT = { appId: 'wxbe00000000000001', userName: 'gh_bench0000001' }

/** A row starts only the processes that it needs. */
export async function startGateway({ fsync, env = {}, nodeArgs = [] } = {}) {
  const redis = await startRedis({ fsync })
  const component = newComponent()
  const ports = { public: await freePort(), internal: await freePort(), worker: await freePort() }
  const simulator = await startSimulator({ component, ...pushUrls(ports.public), port: 0 })
  const stack = createStack({
    component,
    wechatUrl: simulator.url,
    nodeArgs: [...NODE_ARGS, ...nodeArgs],
    env: {
      REDIS_URL: redis.url,
      // Bodies are prepared before they are sent.
      PUSH_MAX_SKEW_SECONDS: '3600',
      DEDUPE_SECONDS: '7200',
      // Without the log line per delivery, which would measure the disk.
      LOG_LEVEL: 'warn',
      ...env,
    },
  })
  /** By name. `calls`: the process of the internal listener, where that is separate. */
  const processes = {}

  function add(name, { process }) {
    processes[name] = { pid: process.child.pid, end: process.end }
  }

  async function startIngress(env, name = 'ingress') {
    add(name, await stack.startIngress({ publicPort: ports.public, internalPort: ports.internal, env }))
  }

  /** Kills without draining. */
  async function killIngress() {
    await processes.ingress.end('SIGKILL')
    await processes.calls?.end('SIGKILL')
  }

  async function call(method, path, body) {
    const answer = await stack.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body
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
    startIngress: () => startIngress(),
    startWorker: async (env) => add('worker', await stack.startWorker({ port: ports.worker, env })),
    /** With other settings. */
    async restartIngress(settings) {
      await killIngress()
      await startIngress(settings)
    },
    /** With a process for each listener. */
    async splitIngress(settings) {
      await killIngress()
      await startIngress({ ...settings, LISTENERS: 'public' })
      await startIngress({ ...settings, LISTENERS: 'internal' }, 'calls')
    },
    async stopWorker() {
      await processes.worker?.end('SIGTERM')
    },
    /** Needs both processes. */
    authorize: () => authorizeAccount(stack.call, { simulator, account: ACCOUNT }),
    /** Authorizes more accounts and returns their appids. Needs both processes. */
    async authorizeOthers(count) {
      const appIds = Array.from({ length: count }, (_, index) => `wxbe${String(index + 2).padStart(14, '0')}`)
      for (const [index, appId] of appIds.entries()) {
        simulator.addAccount({ appId, userName: `gh_bench${String(index + 2).padStart(7, '0')}` })
        await simulator.authorize(appId)
      }
      for (const appId of appIds)
        await until('another account', () => call('GET', `/access_token/${appId}`).catch(() => undefined))
      return appIds
    },
    async stop() {
      await stack.stop()
      await simulator.close()
      await redis.stop()
    },
  }
}
