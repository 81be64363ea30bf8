// Messages on their way in jobs of several, through real processes: what comes in beside them, and what a version before has left.
import { messageInbox, MESSAGES_QUEUE } from '@wxgw/redis'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import type { Test } from 'tap'
import { readStream, startHook } from '../../helpers/consumers.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { nameOf, pushText } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'
import { textEvent } from '../../apps/worker/delivery-fixtures.ts'

const APP = 'wx00000000000000d1'

export async function messageBatches(t: Test, gateway: Gateway): Promise<void> {
  const { put, remove } = subscriptionsOf(gateway)
  gateway.simulator.addAccount({ appId: APP, userName: nameOf(APP) })
  const redis = new Redis(gateway.redis.url, { maxRetriesPerRequest: null })
  t.teardown(() => redis.disconnect())
  const [batches, singles] = [messageInbox(0), MESSAGES_QUEUE].map((name) => {
    const queue = new Queue(name, { connection: redis, prefix: 'bull' })
    t.teardown(() => queue.close())
    return queue
  })
  if (!batches || !singles) throw new Error('no queues')
  await put('all', { sink: { kind: 'stream' } })
  const entries = await readStream(t, gateway, 'all')
  const ids = async () => (await entries()).map(({ id }) => id)
  const entry = (id: string) => ({ event: textEvent(id, { authorizerappid: APP }), receivedAtMs: Date.now() })
  const add = (jobId: string, events: unknown[]) =>
    batches.add(
      'fan-out-batch',
      { v: 2, kind: 'fan-out-batch', events },
      { jobId, removeOnComplete: true, attempts: 3 },
    )

  await t.test('an event comes once, and an entry that cannot be read is dead alone', async (t) => {
    await add('a', [entry('ev_1'), { event: 'nothing' }, entry('ev_1'), entry('ev_2'), 7])
    await add('b', [entry('ev_2'), entry('ev_3')])
    await until('all are there', async () => (await ids()).length >= 3)
    const dead = await until('both unreadable ones are dead', async () => {
      const failed = await batches.getFailed()
      return failed.length === 2 ? failed : undefined
    })
    t.same(dead.map(({ data }) => JSON.stringify(data.events)).toSorted(), [
      '[7]',
      '[{"event":"nothing","arrival":"a:1"}]',
    ])
    t.same((await ids()).toSorted(), ['ev_1', 'ev_2', 'ev_3'])
  })

  await t.test('jobs of the version before are worked off, and what it has taken comes from it alone', async (t) => {
    const id = 'ev_old'
    const data = { v: 1, kind: 'fan-out', ...entry(id) }
    await singles.add('fan-out', data, {
      jobId: 'f1.1',
      removeOnComplete: true,
      deduplication: { id: `open1.${id}`, ttl: 3_600_000 },
    })
    await until('it is there', async () => (await ids()).includes(id))
    await add('c', [entry(id), entry('ev_4')])
    await until('what came after it is there', async () => (await ids()).includes('ev_4'))
    await redis.set('bull:{wx-messages}:de:open1.ev_taken', 'f1.2')
    await add('d', [entry('ev_taken'), entry('ev_5')])
    await until('what came with it is there', async () => (await ids()).includes('ev_5'))
    t.same(
      (await ids()).filter((one) => one === id || one === 'ev_taken'),
      [id],
    )
  })

  await t.test('a webhook that begins to hang holds up no other event, and each is delivered once', async (t) => {
    let hangs: (() => void) | undefined
    const hanging = new Promise<void>((resolve) => (hangs = resolve))
    let isQuick = true
    const hook = await startHook(t, async () => {
      if (!isQuick) await hanging
      return { status: 204 }
    })
    const match = { types: ['wechat.message.*'] }
    await put('hook', {
      match,
      sink: { kind: 'webhook', url: hook.url, timeoutMs: 20_000 },
    })
    const push = (content: string) => pushText(gateway, { appId: APP, content, msgId: content.replaceAll(/\D/g, '') })
    for (let n = 0; n < 3; n += 1) {
      await push(`quick ${100 + n}`)
      await until('it is delivered', () => hook.received.length === n + 1)
    }
    isQuick = false
    const before = (await ids()).length
    await Promise.all(Array.from({ length: 40 }, (_, n) => push(`slow ${200 + n}`)))
    await until('the stream has them all', async () => (await ids()).length === before + 40)
    await until('no job waits for the webhook', async () => (await batches.getActiveCount()) === 0)
    hangs?.()
    isQuick = true
    await until('all are delivered', () => hook.received.length >= 43)
    const held = new Queue('{wx-deliveries.open1.hook}', { connection: redis, prefix: 'bull' })
    t.teardown(() => held.close())
    await until('nothing is held', async () => (await held.count()) + (await held.getActiveCount()) === 0)
    t.equal(new Set(hook.received.map(({ event }) => event.id)).size, 43)
    t.equal(hook.received.length, 43)
  })
  await remove('all', 'hook')
}
