// What many subscriptions cost a worker process: no connection to Redis, neither idle nor while they are served.
import { platformKeys } from '@wxgw/redis'
import { Redis } from 'ioredis'
import t from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { projectText, section } from '../helpers/docs.ts'
import { startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

const APP = 'wx00000000000000e1'
const keys = platformKeys('open1')

void t.test(
  'processes have the connections that the documentation says, with five hundred subscriptions, too',
  async (t) => {
    // Unsealed, so that a copied record's secret opens under another name.
    const gateway = await startGateway({ env: { SEALING_KEYS: '', ALLOW_UNSEALED: 'true' } })
    t.teardown(() => gateway.stop())
    const { simulator, call } = gateway
    simulator.addAccount({ appId: APP, userName: `gh_${APP.slice(2)}` })
    const redis = new Redis(gateway.redis.url)
    t.teardown(() => redis.disconnect())
    const clients = async () =>
      String(await redis.client('LIST'))
        .trim()
        .split('\n').length
    const hook = await startHook(t)
    const match = { authorizers: [APP] }
    t.equal(
      (await call('PUT', '/subscriptions/hook-0', { match, sink: { kind: 'webhook', url: hook.url } })).status,
      201,
    )
    t.equal((await call('PUT', '/subscriptions/queue-0', { match, sink: { kind: 'queue' }, reply: true })).status, 201)

    const page = section(projectText('docs/operations.md'), '### Connections')
    const stated = (kind: string) => Number(new RegExp(`${kind} process holds\\s+(\\d+) connections`).exec(page)?.[1])
    const ofThisTest = 1
    await until(
      'both processes are connected',
      async () => (await clients()) === ofThisTest + stated('an ingress') + stated('a worker'),
    )
    await gateway.startWorker()
    const withTwoWorkers = ofThisTest + stated('an ingress') + 2 * stated('a worker')
    await until('the second worker is connected', async () => (await clients()) === withTwoWorkers)

    // As many as a limit on what one caller creates does not allow.
    const webhook = (await redis.hget(keys.subscriptions, 'hook-0')) ?? ''
    const queue = (await redis.hget(keys.subscriptions, 'queue-0')) ?? ''
    const copies = Array.from({ length: 249 }, (_, n) => n + 1).flatMap((n) => [
      [`hook-${n}`, webhook.replaceAll('hook-0', `hook-${n}`)] as const,
      [`queue-${n}`, queue.replaceAll('queue-0', `queue-${n}`)] as const,
    ])
    await redis.hset(keys.subscriptions, Object.fromEntries(copies))
    await redis.incr(keys.subscriptionsVersion)
    simulator.configure({ attempts: 1 })
    void simulator.sendText(APP, { openId: 'oUSER', content: 'to all' })
    await until('all have it', () => hook.received.length >= 250, { timeoutMs: 30_000 })
    t.ok((await clients()) <= withTwoWorkers, 'and there is no connection more')
  },
)
