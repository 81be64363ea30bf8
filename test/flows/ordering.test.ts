// The order of deliveries on real processes: workers are killed, attempts fail, and still each user's events come one after the other, as they
// were accepted.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { laneKey, messageInbox } from '@wxgw/redis'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import t from 'tap'
import { readStream, startHook, startQueueConsumer } from '../helpers/consumers.ts'
import { type Event, startGateway } from '../helpers/gateway.ts'
import { nameOf, pushText } from '../helpers/push-text.ts'
import { subscriptionsOf } from '../helpers/subscriptions.ts'
import { until } from '../helpers/until.ts'
import { textEvent } from '../apps/worker/delivery-fixtures.ts'

const APP = 'wx00000000000000e1'
const OTHER = 'wx00000000000000e2'
const match = { types: ['wechat.message.*'] }

void t.test('ordering', async (story) => {
  const spoolDir = await mkdtemp(join(tmpdir(), 'wxgw-order-'))
  story.teardown(() => rm(spoolDir, { recursive: true, force: true }))
  const gateway = await startGateway({ ingresses: 2, workers: 2, env: { SPOOL_DIR: spoolDir } })
  story.teardown(() => gateway.stop())
  const { simulator, call } = gateway
  for (const appId of [APP, OTHER]) simulator.addAccount({ appId, userName: nameOf(appId) })
  simulator.configure({ attempts: 1 })
  await simulator.pushTicket()
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())

  const { put: putAny, remove, deadLetters } = subscriptionsOf(gateway)
  const put = (name: string, body: object) => putAny(name, { match, ...body })
  const orderKeys = () => redis.keys('wx:*:order*')
  const laneKeys = () => redis.keys('wx:{wx-messages.*lane*')
  let pushed = 1_000
  const push = async (
    content: string,
    { user = 'oA', appId = APP, at = pushed % 2 }: { user?: string; appId?: string; at?: number } = {},
  ) => {
    pushed += 1
    await pushText(gateway, { appId, openId: user, content, msgId: String(pushed), at })
  }
  /** Each user's one after the other, the users side by side. */
  const pushAll = (users: readonly string[], each: number, accounts: readonly string[] = [APP]) =>
    Promise.all(
      users.flatMap((user) =>
        accounts.map(async (appId) => {
          for (let number = 0; number < each; number += 1) await push(String(number), { user, appId })
        }),
      ),
    )
  const keyOf = ({ subject, authorizerappid }: Event) => `${authorizerappid} ${subject}`
  const numbersByKey = (events: readonly Event[], key = keyOf) => {
    const numbers = new Map<string, number[]>()
    for (const event of events)
      numbers.set(key(event), [...(numbers.get(key(event)) ?? []), Number(event.data['Content'])])
    return numbers
  }

  await story.test(
    'while workers are killed and attempts fail, no user has two under way, and each comes first as it was accepted',
    async (t) => {
      const underWay = new Map<string, number>()
      const together: string[] = []
      const successes: Event[] = []
      const hook = await startHook(t, async (event) => {
        const key = keyOf(event)
        underWay.set(key, (underWay.get(key) ?? 0) + 1)
        if ((underWay.get(key) ?? 0) > 1) together.push(event.id)
        await delay(Math.random() * 10)
        underWay.set(key, (underWay.get(key) ?? 1) - 1)
        if (Math.random() < 0.05) return { status: 500 }
        if (!successes.some(({ id }) => id === event.id)) successes.push(event)
        return { status: 204 }
      })
      const retry = { scheduleSeconds: [0, 0, 0] }
      await put('hook', { sink: { kind: 'webhook', url: hook.url }, ordering: 'subject', retry })
      await put('queue', { sink: { kind: 'queue' }, ordering: 'subject', retry })
      await put('stream', { sink: { kind: 'stream' }, ordering: 'authorizer', retry })
      const consumer = await startQueueConsumer(t, gateway, { subscription: 'queue', concurrency: 1 })
      const entries = await readStream(t, gateway, 'stream')
      const users = Array.from({ length: 10 }, (_, index) => `oUSER${index}`)
      const killing = (async () => {
        for (let kill = 0; kill < 2; kill += 1) {
          await delay(700)
          const [first] = gateway.workers.splice(0, 1)
          await first?.process.end('SIGKILL')
          await gateway.startWorker()
        }
      })()
      await pushAll(users, 20, [APP, OTHER])
      await killing
      const dead = async () => (await deadLetters('hook')).items?.length ?? 0
      await until('each is delivered or dead', async () => successes.length + (await dead()) >= 400, {
        timeoutMs: 60_000,
      })
      await until('the queue has all', () => new Set(consumer.received.map(({ id }) => id)).size === 400)
      await until('the stream has all', async () => new Set((await entries()).map(({ id }) => id)).size === 400)

      t.same(together, [], 'never two under way')
      for (const [sink, events] of Object.entries({
        hook: successes,
        queue: uniqueOf(consumer.received),
        stream: uniqueOf(await entries()),
      })) {
        const numbers = [...numbersByKey(events).values()]
        t.equal(numbers.length, 20)
        t.ok(
          numbers.every((list) => list.every((number, index) => index === 0 || number > (list[index - 1] ?? 0))),
          `${sink}: in order`,
        )
      }
      await until(
        'nothing is kept for users without a delivery',
        async () => [...(await orderKeys()), ...(await laneKeys())].length === 0,
      )
      await remove('hook', 'queue', 'stream')
    },
  )

  await story.test(
    'a failing one holds its user alone, until its time is over, and has its turn when sent again',
    async (t) => {
      const hook = await startHook(t, ({ data }) => ({ status: data['Content'] === 'bad' ? 500 : 204 }))
      const contents = (user: string) =>
        hook.received.filter(({ event }) => event.subject === user).map(({ event }) => event.data['Content'])
      const sink = { kind: 'webhook', url: hook.url }
      await put('hold', {
        sink,
        ordering: 'subject',
        orderingTimeoutSeconds: 6,
        retry: { scheduleSeconds: [0, 0, 0, 0, 0, 0, 600] },
      })
      await push('bad')
      await push('behind')
      await until('it is tried, again and again', () => contents('oA').length === 7)
      for (const user of ['oB', 'oC']) await push('other', { user })
      await until('others come meanwhile', () => [...contents('oB'), ...contents('oC')].length === 2)
      t.notOk(contents('oA').includes('behind'))
      await until('the key goes on', () => contents('oA').includes('behind'))
      t.match((await deadLetters('hold')).items, [
        { attempts: 7, lastError: 'orderingTimeoutSeconds are over: HTTP 500', event: { data: { Content: 'bad' } } },
      ])
      t.same(contents('oA').at(-1), 'behind')

      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      hook.answer = async () => {
        await released
        return { status: 204 }
      }
      await push('slow')
      await until('another one is under way', () => contents('oA').at(-1) === 'slow')
      await call('POST', '/subscriptions/hold/dead-letters/replay')
      await until('it waits', async () => (await redis.zcard('wx:{wx-deliveries.open1.hold}:order')) === 2)
      release()
      await push('last')
      await until('all come', () => contents('oA').at(-1) === 'last')
      t.same(contents('oA').slice(-3), ['slow', 'bad', 'last'])
      await remove('hold')
    },
  )

  await story.test(
    'a paused one keeps the order, a replay goes behind what waits, and without ordering all go on',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 204 }))
      const contents = () => hook.received.map(({ event }) => event.data['Content'])
      const sink = { kind: 'webhook', url: hook.url }
      await put('pausing', { sink, ordering: 'authorizer' })
      await push('0')
      await until('it comes', () => contents().length === 1)
      await call('PATCH', '/subscriptions/pausing', { paused: true })
      for (const content of ['1', '2', '3']) await push(content, { user: `o${content}` })
      const waiting = () => redis.zcard('wx:{wx-deliveries.open1.pausing}:order')
      // An acknowledged push is in its inbox, which a worker may read later than the replay.
      await until('they wait for their turn', async () => (await waiting()) === 3)
      await call('POST', `/events/${hook.received[0]?.event.id}/replay`)
      await until('the replay waits, too', async () => (await waiting()) === 4)
      await call('PATCH', '/subscriptions/pausing', { paused: false })
      await until('all come', () => contents().length === 5)
      t.same(contents(), ['0', '1', '2', '3', '0'])

      let release = () => {}
      const released = new Promise<void>((resolve) => (release = resolve))
      hook.answer = async () => {
        await released
        return { status: 204 }
      }
      for (const content of ['4', '5']) await push(content)
      await until('one is under way, and one waits', async () => {
        return contents().length === 6 && (await waiting()) === 2
      })
      await put('pausing', { sink, ordering: 'none' })
      await until('nobody waits any longer', () => contents().length === 7)
      release()
      await remove('pausing')
      await until('no order is kept', async () => (await orderKeys()).length === 0)
    },
  )

  await story.test('pushes that wait for an answer have their turn, too', async (t) => {
    const hook = await startHook(t, ({ data }) => ({
      status: 200,
      body: { reply: { MsgType: 'text', Content: `${data['Content']}!` } },
    }))
    await put('replying', { sink: { kind: 'webhook', url: hook.url }, ordering: 'subject', reply: true })
    await pushAll(['oR'], 5)
    await until('all come', () => hook.received.length === 5)
    t.same(
      hook.received.map(({ event }) => event.data['Content']),
      ['0', '1', '2', '3', '4'],
    )
    await remove('replying')
  })

  await story.test('a damaged entry is dead alone, and the others of its account go on', async (t) => {
    await put('undamaged', { sink: { kind: 'stream' }, ordering: 'authorizer' })
    const entries = await readStream(t, gateway, 'undamaged')
    const inbox = new Queue(messageInbox(0), { connection: redis, prefix: 'bull' })
    t.teardown(() => inbox.close())
    const lane = { platform: 'open1', account: APP }
    const entry = (id: string) =>
      JSON.stringify({ arrival: id, event: textEvent(id, { authorizerappid: APP }), receivedAtMs: Date.now() })
    await redis.rpush(laneKey(0, lane), entry('ev_1'), entry('ev_2').slice(0, 40), 'null', entry('ev_3'))
    await inbox.add('lane', { v: 1, kind: 'lane', ...lane })
    await until('those beside them come', async () => (await entries()).length === 2)
    const dead = await until('both damaged ones are dead', async () => {
      const failed = await inbox.getFailed()
      return failed.length === 2 ? failed : undefined
    })
    t.same(
      new Set(dead.map(({ data }) => JSON.stringify(data.events))),
      new Set([JSON.stringify([entry('ev_2').slice(0, 40)]), '[null]']),
    )
    t.same(
      (await entries()).map(({ id }) => id),
      ['ev_1', 'ev_3'],
    )
    await remove('undamaged')
  })

  await story.test('a right that is missing for one subscription holds up no other one of the account', async (t) => {
    const hook = await startHook(t)
    const lost = await startHook(t)
    const receivedBy = ({ received }: typeof hook) => received.map(({ event }) => Number(event.data['Content']))
    await put('good', { sink: { kind: 'webhook', url: hook.url }, ordering: 'subject' })
    await put('no-sink', { sink: { kind: 'queue' }, ordering: 'subject', retry: { scheduleSeconds: [1, 1, 1, 1, 1] } })
    await put('unqueued', { sink: { kind: 'webhook', url: lost.url }, ordering: 'authorizer' })
    const consumer = await startQueueConsumer(t, gateway, { subscription: 'no-sink', concurrency: 1 })
    const taken = () => uniqueOf(consumer.received).map(({ data }) => Number(data['Content']))
    // The recording step writes to a queue from its second event on.
    await pushAll(['oA'], 3)
    const all = (count: number) => Array.from({ length: count }, (_, number) => number)
    await until('all have the first', () => receivedBy(lost).length === 3 && taken().length === 3)

    // Each pattern leaves out what begins with the letter of one subscription.
    const others = ['*{open1*', '*{health*', '*{wx-[^dq]*', '*{wx-deliveries.open1.[^u]*', '*{wx-queue.open1.[^n]*']
    await redis.call('ACL', 'SETUSER', 'admin', 'on', '>admin', '~*', '&*', '+@all')
    await redis.auth('admin', 'admin')
    await redis.call('ACL', 'SETUSER', 'default', 'resetkeys', ...others.map((pattern) => `~${pattern}`))
    // More than a round of the account's list.
    for (const number of all(63).slice(3)) await push(String(number))
    await until('the others go on', () => receivedBy(hook).length === 63)
    t.same(receivedBy(hook), all(63))
    t.same([taken(), receivedBy(lost)], [all(3), all(3)])
    await redis.call('ACL', 'SETUSER', 'default', 'allkeys')
    // The pause of a retry grows with the time that the right was missing.
    const wentOn = async () => {
      const dead = (await deadLetters('no-sink')).items ?? []
      return new Set(receivedBy(lost)).size === 63 && taken().length + dead.length === 63
    }
    await until('with the right they go on', wentOn, { timeoutMs: 90_000 })
    await remove('good', 'no-sink', 'unqueued')
  })

  await story.test('what came while Redis was away is not overtaken by what comes after it', async (t) => {
    const hook = await startHook(t)
    await put('spooled', { sink: { kind: 'webhook', url: hook.url }, ordering: 'subject' })
    const storedAtMs = Date.now()
    await until('Redis has written it down', () => Date.now() - storedAtMs > 1_500)
    await gateway.redis.kill()
    for (let number = 0; number < 30; number += 1) await push(String(number), { at: 0 })
    await gateway.redis.start()
    for (let number = 30; number < 60; number += 1) await push(String(number), { at: 0 })
    await until('all come', () => new Set(hook.received.map(({ event }) => event.id)).size === 60)
    t.same(
      uniqueOf(hook.received.map(({ event }) => event)).map(({ data }) => Number(data['Content'])),
      Array.from({ length: 60 }, (_, number) => number),
    )
  })
})

/** Each where it came first. */
function uniqueOf(events: readonly Event[]): Event[] {
  return [...new Map(events.toReversed().map((event) => [event.id, event])).values()].toReversed()
}
