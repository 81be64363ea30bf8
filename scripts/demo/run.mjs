// Owns: running the demo after the build: it starts Redis, gateway, simulator and consumers, plays the story and stops
// them.
import { freePort } from '../../test/dist/helpers/free-port.js'
import { createStack, pushUrls } from '../../test/dist/helpers/stack.js'
import { provideRedis } from '../redis.mjs'
import { createConsumers } from './consumers.mjs'
import { done, fact, failed, title } from './print.mjs'
import { createProcesses } from './processes.mjs'
import { playStory } from './story.mjs'
import { offerPrograms } from './try-it.mjs'

// Public, so for the demo only. Fixed, so that a demo on your own Redis can run again.
const API_KEY = 'demo-key-demo-key-demo-key-demo-key'
const SEALING_KEY = `demo:${Buffer.alloc(32, 'demo').toString('base64')}`
const COMPONENT = {
  appId: 'wxc0de00000000cafe',
  appSecret: '0123456789abcdef0123456789abcdef',
  token: 'simulatorToken',
  encodingAesKey: 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG',
}
/** One of the simulator's initial accounts. */
const ACCOUNT = 'wx5151000000000001'

/** Longer than WeChat's 5 s, for slow machines. */
const PATIENT_MS = '60000'

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

async function startGateway({ once }) {
  const simulatorPort = await freePort(3010)
  const simulatorUrl = `http://127.0.0.1:${simulatorPort}`
  // On your own Redis, the demo uses a platform of its own.
  const platform = redis.kind === 'REDIS_URL' ? 'demo' : 'open1'
  const stack = createStack({
    component: COMPONENT,
    wechatUrl: simulatorUrl,
    env: {
      REDIS_URL: redis.url,
      WX_PLATFORM_ID: platform,
      API_KEYS: `demo=${API_KEY}`,
      SEALING_KEYS: SEALING_KEY,
      FORCE_MIN_INTERVAL_SECONDS: '1',
      WX_API_TIMEOUT_MS: PATIENT_MS,
    },
    start: (main, env) => processes.start(main.split('/')[1], { script: main, env }),
    untilStarted: (process) => processes.untilItSays(process, 'process.started'),
  })
  const publicPort = await freePort(3000)
  const { publicUrl, internalUrl } = await stack.startIngress({ publicPort, internalPort: await freePort(3001) })
  const worker = await stack.startWorker({ port: await freePort(3002) })
  // Started after the gateway: it pushes its first ticket at once.
  const { eventUrl, callbackUrl } = pushUrls(publicPort, platform)
  const simulator = processes.start('simulator', {
    script: 'apps/simulator/dist/main.js',
    env: {
      WX_COMPONENT_APPID: COMPONENT.appId,
      WX_COMPONENT_APPSECRET: COMPONENT.appSecret,
      WX_TOKEN: COMPONENT.token,
      WX_ENCODING_AES_KEY: COMPONENT.encodingAesKey,
      SIMULATOR_PORT: String(simulatorPort),
      GATEWAY_EVENT_URL: eventUrl,
      GATEWAY_CALLBACK_URL: callbackUrl,
      // The story pushes the first ticket; a demo that stays gets one every ten minutes.
      TICKET_INTERVAL_SECONDS: once ? '0' : '600',
      PUSH_ANSWER_DEADLINE_MS: PATIENT_MS,
      PUSH_ATTEMPTS: '20',
    },
  })
  await processes.untilItSays(simulator, 'is up')
  const urls = { public: publicUrl, internal: internalUrl, worker: worker.url, simulator: simulatorUrl }
  return { urls, platform, base: `${publicUrl}/apis/v1/wx/${platform}` }
}

function withoutPassword(urls) {
  return urls.replaceAll(/:\/\/[^@/,]*@/g, '://…@')
}

async function play({ once }) {
  redis = await provideRedis()
  const kind =
    redis.kind === 'embedded' ? 'embedded (no redis-server in PATH): keeps nothing, for this demo only' : redis.kind
  fact('Redis', `${withoutPassword(redis.url)} (${kind})`)
  const { urls, platform, base } = await startGateway({ once })
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

/** `once`: exits after the story, with 0 on success, 1 otherwise. */
export async function runDemo({ once }) {
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void end(once ? 1 : 0))
  try {
    await play({ once })
  } catch (error) {
    failed(error.message)
    if (processes.logs()) console.error(processes.logs())
    await end(1)
  }
}
