// What many subscriptions cost a worker process: no connection to Redis, neither idle nor while they are served.
import { platformKeys } from '@wxgw/redis'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { startHook } from '../../helpers/consumers.ts'
import { projectText, section } from '../../helpers/docs.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { nameOf } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'

const APP = 'wx00000000000000e1'
const keys = platformKeys('open1')

export async function connections(story: Test, gateway: Gateway): Promise<void> {
  const { simulator } = gateway
  const { put } = subscriptionsOf(gateway)
  simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())
  const clients = async () =>
    String(await redis.client('LIST'))
      .trim()
      .split('\n').length
  const page = section(projectText('docs/operations.md'), '### Connections')
  const stated = (kind: string) => Number(new RegExp(`${kind} process holds\\s+(\\d+) connections`).exec(page)?.[1])
  const ofThisTest = 1
  const withTwoWorkers = ofThisTest + stated('an ingress') + 2 * stated('a worker')
  const hook = await startHook(story)
  const match = { authorizers: [APP] }
  await put('hook-0', { match, sink: { kind: 'webhook', url: hook.url } })
  await put('queue-0', { match, sink: { kind: 'queue' }, reply: true })

  await story.test('a process has as many as the documentation says', async () => {
    const withOneWorker = withTwoWorkers - stated('a worker')
    await until('both processes are connected', async () => (await clients()) === withOneWorker)
    await gateway.startWorker()
    await until('the second worker is connected', async () => (await clients()) === withTwoWorkers)
  })

  await story.test('five hundred subscriptions that are served need no more', async (t) => {
    // As many as a limit on what one caller creates does not allow.
    const webhook = (await redis.hget(keys.subscriptions, 'hook-0')) ?? ''
    const queue = (await redis.hget(keys.subscriptions, 'queue-0')) ?? ''
    const copies = Array.from({ length: 249 }, (_, n) => n + 1).flatMap((n) => [
      [`hook-${n}`, webhook.replaceAll('hook-0', `hook-${n}`)] as const,
      [`queue-${n}`, queue.replaceAll('queue-0', `queue-${n}`)] as const,
    ])
    await redis.hset(keys.subscriptions, Object.fromEntries(copies))
    await redis.incr(keys.subscriptionsVersion)
    void simulator.sendText(APP, { openId: 'oUSER', content: 'to all' })
    await until('all have it', () => hook.received.length >= 250)
    t.ok((await clients()) <= withTwoWorkers)
  })

  await redis.del(keys.subscriptions)
  await redis.incr(keys.subscriptionsVersion)
}
