// Owns: `npm run demo`: a living gateway on this machine, from nothing but Node and npm, and its main story.
// `--once` ends after the story: 0 when all of it was so, 1 otherwise.
import { bootstrap } from './bootstrap.mjs'
import { createConsumers } from './demo/consumers.mjs'
import { done, fact, failed, title } from './demo/print.mjs'
import { createProcesses } from './demo/processes.mjs'
import { playStory } from './demo/story.mjs'
import { offerPrograms } from './demo/try-it.mjs'
import { freePort } from './free-port.mjs'
import { provideRedis } from './redis.mjs'

// Known to everybody, so worth nothing outside a demo; fixed, so that a demo on a Redis of yours can be run again.
const API_KEY = 'demo-key-demo-key-demo-key-demo-key'
const SEALING_KEY = `demo:${Buffer.alloc(32, 'demo').toString('base64')}`
const COMPONENT = {
  WX_COMPONENT_APPID: 'wxc0de00000000cafe',
  WX_COMPONENT_APPSECRET: '0123456789abcdef0123456789abcdef',
  WX_TOKEN: 'simulatorToken',
  WX_ENCODING_AES_KEY: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}
/** One of the accounts that the simulator has from the start. */
const ACCOUNT = 'wx5151000000000001'

/** WeChat waits for 5 s; between processes of one machine, however slow, there is no hurry. */
const PATIENT_MS = '60000'

const once = process.argv.includes('--once')
const processes = createProcesses()
let redis
let ending

async function end(code) {
  ending ??= (async () => {
    await processes.stopAll()
    await redis?.stop()
  })()
  await ending
  process.exit(code)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(once ? 1 : 0))

async function startGateway() {
  const [publicPort, internalPort, workerPort, simulatorPort] = [await freePort(3000), await freePort(3001), await freePort(3002), await freePort(3010)]
  const urls = {
    public: `http://127.0.0.1:${publicPort}`,
    internal: `http://127.0.0.1:${internalPort}`,
    worker: `http://127.0.0.1:${workerPort}`,
    simulator: `http://127.0.0.1:${simulatorPort}`,
  }
  // On a Redis of yours, the demo keeps to a platform of its own.
  const platform = redis.kind === 'REDIS_URL' ? 'demo' : 'open1'
  const base = `${urls.public}/apis/v1/wx/${platform}`
  const env = {
    ...COMPONENT,
    REDIS_URL: redis.url,
    WX_PLATFORM_ID: platform,
    WX_API_BASE_URL: urls.simulator,
    WX_MP_BASE_URL: urls.simulator,
    WX_OPEN_BASE_URL: urls.simulator,
    PUBLIC_HOST: '127.0.0.1',
    PUBLIC_PORT: String(publicPort),
    PUBLIC_BASE_URL: urls.public,
    INTERNAL_PORT: String(internalPort),
    WORKER_PORT: String(workerPort),
    API_KEYS: `demo=${API_KEY}`,
    SEALING_KEYS: SEALING_KEY,
    WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
    FORCE_MIN_INTERVAL_SECONDS: '1',
    WX_API_TIMEOUT_MS: PATIENT_MS,
  }
  const ingress = processes.start('ingress', { script: 'apps/ingress/dist/main.js', env })
  const worker = processes.start('worker', { script: 'apps/worker/dist/main.js', env })
  await processes.untilItSays(ingress, 'process.started')
  await processes.untilItSays(worker, 'process.started')
  // After the gateway: it pushes its first ticket at once.
  const simulator = processes.start('simulator', {
    script: 'apps/simulator/dist/main.js',
    env: {
      ...COMPONENT,
      SIMULATOR_PORT: String(simulatorPort),
      GATEWAY_EVENT_URL: `${base}/event`,
      GATEWAY_CALLBACK_URL: `${base}/$APPID$/callback`,
      // The story pushes the first one; a demo that stays gets one every ten minutes.
      TICKET_INTERVAL_SECONDS: once ? '0' : '600',
      PUSH_ANSWER_DEADLINE_MS: PATIENT_MS,
      PUSH_ATTEMPTS: '20',
    },
  })
  await processes.untilItSays(simulator, 'is up')
  return { urls, platform, base }
}

/** Of every URL of a list. */
function withoutPassword(urls) {
  return urls.replaceAll(/:\/\/[^@/,]*@/g, '://…@')
}

async function main() {
  title('WeChat third-party platform gateway: the demo / 微信第三方平台网关演示')
  await bootstrap()
  redis = await provideRedis()
  const kind = redis.kind === 'embedded' ? 'embedded (no redis-server in PATH): keeps nothing, for this demo only' : redis.kind
  fact('Redis', `${withoutPassword(redis.url)} (${kind})`)
  const { urls, platform, base } = await startGateway()
  fact('ingress', `${urls.public} (public), ${urls.internal} (internal)`)
  fact('worker', urls.worker)
  fact('simulator (plays WeChat)', urls.simulator)

  const consumers = createConsumers({ processes, redisUrl: redis.url })
  await playStory({ urls, apiKey: API_KEY, platform, accountAppId: ACCOUNT, consumers, until: processes.until })

  title('The story is told. / 演示完成。')
  if (once) return end(0)
  fact('WeChat’s console', urls.simulator)
  fact('the gateway’s console / 控制台', `${urls.internal}/console/ (key / 密钥: ${API_KEY})`)
  fact('authorization page', `${base}/authorize`)
  fact('API documentation', `${urls.internal}/docs`)
  fact('events', `curl -H 'authorization: Bearer ${API_KEY}' ${urls.internal}/apis/v1/wx/${platform}/events`)
  fact('metrics', `${urls.internal}/metrics, ${urls.worker}/metrics`)
  await offerPrograms({
    gateway: `${urls.internal}/apis/v1/wx/${platform}`,
    apiKey: API_KEY,
    accountAppId: ACCOUNT,
    platform,
    redisUrl: redis.url,
    simulatorUrl: urls.simulator,
  })
  done('it all keeps running until you press Ctrl-C')
}

main().catch(async (error) => {
  failed(error.message)
  if (processes.logs()) console.error(processes.logs())
  await end(1)
})
