// Dispatch on real processes, two of each kind: who gets what, once, in how many attempts, and what becomes of the rest.
import { type PushResult, textOf } from '@wxgw/simulator'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'
import { readStream, startHook, startQueueConsumer } from '../../helpers/consumers.ts'
import type { Gateway } from '../../helpers/gateway.ts'
import { nameOf, nowSeconds, pushText } from '../../helpers/push-text.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'

const APP = 'wx00000000000000d1'
const OTHER = 'wx00000000000000d2'
/** As many as write at once. */
const USERS = 50

const replyTo = (push: PushResult) => push.reply && textOf(push.reply.fields, 'Content')

export async function dispatch(story: Test, gateway: Gateway): Promise<void> {
  const { simulator, call } = gateway
  const { put, remove, deadLetters } = subscriptionsOf(gateway)
  for (const appId of [APP, OTHER]) simulator.addAccount({ appId, userName: nameOf(appId) })
  simulator.configure({ attempts: 1 })
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())

  const deliveryOf = async (eventId: string, subscription: string) => {
    return (await call('GET', `/events/${eventId}`)).body.deliveries?.find(
      (delivery) => delivery.subscription === subscription,
    )
  }

  await story.test('each attempt at each sink is shown, until it is delivered', async (t) => {
    const hook = await startHook(t, () => ({ status: 500, body: 'not yet' }))
    await put('a-hook', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [1, 3600] } })
    await put('a-queue', { sink: { kind: 'queue' } })
    await put('a-stream', { sink: { kind: 'stream' } })
    await pushText(gateway, { appId: APP, content: 'attempts', msgId: '77' })
    const { event } = await until('it fails', () => hook.received[0])
    const attempts = async (query = '') => (await call('GET', `/events/${event.id}/attempts${query}`)).body
    const failed = await until('it is shown', async () =>
      (await attempts()).items?.find(({ subscription }) => subscription === 'a-hook'),
    )
    t.match(failed, {
      attempt: 1,
      outcome: 'failed',
      httpStatus: 500,
      error: 'HTTP 500',
      answer: '"not yet"',
      worker: /.:\d+$/,
      nextAttemptAt: /Z$/,
    })
    hook.answer = () => ({ status: 200, body: { ok: true } })
    await until('it is delivered', async () => (await deliveryOf(event.id, 'a-hook'))?.status === 'delivered')
    const { items = [], nextCursor } = await attempts()
    t.same(
      items.map(({ subscription, attempt, outcome, httpStatus }) => [subscription, attempt, outcome, httpStatus])[0],
      ['a-hook', 2, 'delivered', 200],
    )
    t.match(
      items.find(({ attempt }) => attempt === 2),
      { error: null, answer: '{"ok":true}', nextAttemptAt: null },
    )
    for (const name of ['a-queue', 'a-stream']) {
      const written = {
        attempt: 1,
        outcome: 'delivered',
        httpStatus: null,
        error: null,
        answer: null,
        nextAttemptAt: null,
      }
      t.match(
        items.filter(({ subscription }) => subscription === name),
        [written],
        name,
      )
    }
    t.same([items.length, nextCursor], [4, null])
    t.ok((await attempts('?content=false')).items?.every(({ answer }) => answer === null))
    t.equal((await call('GET', '/events/ev_unknown/attempts')).status, 404)
    await remove('a-hook', 'a-queue', 'a-stream')
  })

  await story.test(
    'the same push again and again is one event: in parallel, at two ingresses, encrypted anew, after completion',
    async (t) => {
      await put('once', { sink: { kind: 'queue' } })
      const consumer = await startQueueConsumer(t, gateway, { subscription: 'once' })
      const createTime = nowSeconds()
      const push = (at: number) =>
        pushText(gateway, { appId: APP, content: 'once', msgId: '9007199254740993', createTime, at })
      const answers = await Promise.all([0, 1, 0, 1].map(push))
      t.ok(answers.every(({ attempts }) => attempts[0]?.body === 'success'))
      const event = await until('it arrives', () => consumer.received[0])
      t.equal(event.data['MsgId'], '9007199254740993')
      await until(
        'its fan-out is done and removed',
        async () => (await deliveryOf(event.id, 'once'))?.status === 'delivered',
      )
      t.equal((await push(1)).attempts[0]?.body, 'success')

      await pushText(gateway, { appId: APP, content: 'two of a user in one second', msgId: '1', createTime })
      await pushText(gateway, { appId: APP, content: 'two of a user in one second', msgId: '2', createTime })
      await pushText(gateway, { appId: OTHER, content: 'once', msgId: '9007199254740993', createTime })
      for (const event of ['CLICK', 'VIEW'])
        await simulator.sendEvent(APP, { event, eventKey: 'k', openId: 'oUSER', createTimeSeconds: createTime })
      await until('the five others arrive', () => consumer.received.length >= 6)
      t.equal(new Set(consumer.received.map(({ id }) => id)).size, 6, 'the same MsgId at two authorizers is two events')
      t.equal(consumer.received.length, 6)

      const notify = `<xml><AppId>${gateway.component.appId}</AppId><CreateTime>${createTime}</CreateTime><InfoType>notify_x</InfoType><appid>${APP}</appid></xml>`
      const component = () => simulator.push('component', { xml: notify, attempts: 1 })
      await Promise.all([component(), component()])
      const told = await until('the component event arrives', () =>
        consumer.received.find(({ type }) => type === 'wechat.component.notify_x'),
      )
      await component()
      await pushText(gateway, { appId: APP, content: 'last', msgId: '3', createTime })
      await until('what comes after it arrives', () => consumer.received.some(({ data }) => data['Content'] === 'last'))
      t.equal(consumer.of(told.id), 1)
      t.match(told, { source: '/wx/open1', data: { InfoType: 'notify_x' } })
      await remove('once')
    },
  )

  await story.test(
    'fifty users who write at once to a consumer that takes its time all get their answers',
    async (t) => {
      // Nobody is answered before all have come: calls one after the other, or a few at a time, would answer nobody.
      let release = () => {}
      const allHaveCome = new Promise<void>((resolve) => (release = resolve))
      const hook = await startHook(t, async ({ data }) => {
        if (hook.received.length > USERS) release()
        if (data['Content'] !== 'first') await allHaveCome
        return { status: 200, body: { reply: { MsgType: 'text', Content: `${data['Content']}!` } } }
      })
      await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true })
      await until('it is heard', async () => replyTo(await simulator.sendText(APP, { content: 'first' })) === 'first!')
      const pushes = await Promise.all(
        Array.from({ length: USERS }, (_, n) => simulator.sendText(APP, { openId: `o${n}`, content: String(n) })),
      )
      t.same(
        pushes.map(replyTo),
        pushes.map((_, n) => `${n}!`),
      )
      await remove('hook')
    },
  )

  await story.test('what is subscribed, changed and disabled holds at once, at every worker', async (t) => {
    const hook = await startHook(t)
    await put('match', {
      match: { types: ['WeChat.Message.*'], authorizers: [APP] },
      sink: { kind: 'webhook', url: hook.url },
    })
    await put('all', { sink: { kind: 'stream' } })
    const all = await readStream(t, gateway, 'all')
    const contents = () => hook.received.map(({ event }) => event.data['Content'] ?? event.data['Event'])
    // Twenty: with two workers, both have some of them.
    const round = async (prefix: string) => {
      await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          pushText(gateway, { appId: APP, content: `${prefix}${n}`, msgId: `${Date.now()}${n}`, at: n % 2 }),
        ),
      )
      await pushText(gateway, { appId: OTHER, content: `${prefix} other`, msgId: `${Date.now()}` })
      await simulator.sendEvent(APP, { event: 'subscribe', openId: `o${prefix}` })
    }
    await round('a')
    await until('all of them are in the stream', async () => (await all()).length >= 22)
    await until('the twenty that match arrive', () => hook.received.length >= 20)
    t.ok(contents().every((content) => /^a\d+$/.test(String(content))))

    await put('match', { match: { types: ['wechat.event.subscribe'] }, sink: { kind: 'webhook', url: hook.url } })
    hook.received.length = 0
    await round('b')
    await until('all of them are in the stream', async () => (await all()).length >= 44)
    await until('the event arrives', () => hook.received.length > 0)
    t.same(contents(), ['subscribe'])

    await put('match', { sink: { kind: 'webhook', url: hook.url }, enabled: false })
    hook.received.length = 0
    await round('c')
    await until('all of them are in the stream', async () => (await all()).length >= 66)
    t.same(contents(), [], 'a disabled one is given nothing new')
    await put('match', { sink: { kind: 'webhook', url: hook.url } })
    await round('d')
    await until('everything arrives', () => hook.received.length >= 22)
    await remove('match', 'all')
  })

  await story.test(
    'a paused subscription keeps its events, whatever its sink, the oldest beyond maxBacklog in dead letters, and then goes on',
    async (t) => {
      const hook = await startHook(t)
      const sinks = { hook: { kind: 'webhook', url: hook.url }, queue: { kind: 'queue' }, stream: { kind: 'stream' } }
      const names = Object.keys(sinks)
      for (const [name, sink] of Object.entries(sinks))
        await put(`p-${name}`, { sink, match: { authorizers: [APP] }, maxBacklog: 5 })
      const consumer = await startQueueConsumer(t, gateway, { subscription: 'p-queue' })
      const stream = await readStream(t, gateway, 'p-stream')
      const delivered = async () => [hook.received.length, consumer.received.length, (await stream()).length]
      const push = (content: string) =>
        pushText(gateway, { appId: APP, content, msgId: `${Date.now()}${content.length}` })
      await push('before')
      await until('it arrives', async () => (await delivered()).every((count) => count === 1))
      for (const name of names)
        t.match(await call('PATCH', `/subscriptions/p-${name}`, { paused: true }), {
          status: 200,
          body: { paused: true, enabled: true },
        })
      // Whatever the order of three that come at once: each is let in before the next.
      for (const content of ['1', '22', '333', '4444', '55555', '666666', '7777777', '88888888']) {
        await push(content)
        await until(`${content} is dispatched`, async () => {
          // Of the account alone: a trimmed backlog is announced, and that may be newer.
          const [newest] = (await call('GET', `/events?limit=1&authorizer=${APP}`)).body.items ?? []
          return newest?.event?.data['Content'] === content
        })
      }
      for (const name of names) {
        const items = await until('three are too many', async () => {
          const { items = [] } = await deadLetters(`p-${name}`)
          return items.length >= 3 ? items : undefined
        })
        t.same(items.map(({ event }) => String(event?.data['Content'])).toSorted(), ['1', '22', '333'], name)
        t.match(items[0]?.lastError, /maxBacklog/)
        const logged = await until(`${name}: the log has it`, async () => {
          const delivery = await deliveryOf(items[0]?.eventId ?? '', `p-${name}`)
          return delivery?.status === 'dead' ? delivery : undefined
        })
        t.equal(logged.attempts, 0)
      }
      t.same(await delivered(), [1, 1, 1], 'none is delivered')
      for (const name of names)
        t.match(await call('PATCH', `/subscriptions/p-${name}`, { paused: false }), {
          status: 200,
          body: { paused: false },
        })
      await until('it goes on', async () => (await delivered()).every((count) => count === 6))
      const contents = hook.received.map(({ event }) => String(event.data['Content']))
      t.same(contents.toSorted(), ['4444', '55555', '666666', '7777777', '88888888', 'before'])
      await remove(...names.map((name) => `p-${name}`))
    },
  )

  await story.test('a throttled subscription gets no more in a second, from all workers together', async (t) => {
    const hook = await startHook(t)
    await put('slow', { sink: { kind: 'webhook', url: hook.url }, throttle: { perSecond: 4 } })
    await Promise.all(
      Array.from({ length: 16 }, (_, n) =>
        pushText(gateway, { appId: APP, content: `t${n}`, msgId: `77${n}`, at: n % 2 }),
      ),
    )
    await until('all arrive', () => hook.received.length === 16, { timeoutMs: 20_000 })
    // A window of the gateway's is a second of Redis' clock, which is this machine's; a request may be late.
    const times = hook.received.map(({ atMs }) => atMs).toSorted((left, right) => left - right)
    const longest = (times.at(-1) ?? 0) - (times[0] ?? 0)
    t.ok(longest >= 2_000, `sixteen took ${longest} ms: four windows, of which the first and the last may be short`)
    await remove('slow')
  })

  await story.test('a webhook: signed, no redirects, Retry-After, one attempt, 410, private addresses', async (t) => {
    const elsewhere = await startHook(t)
    const hook = await startHook(t, () => ({ status: 302, headers: { location: elsewhere.url } }))
    const { sink } = await put('hook', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [] } })
    await pushText(gateway, { appId: APP, content: 'redirected', msgId: '11' })
    const dead = await until('it is dead', async () => (await deadLetters('hook')).items?.[0])
    t.match(dead, { attempts: 1, lastError: 'HTTP 302', type: 'wechat.message.text' })
    t.equal(hook.received.length, 1, 'an empty schedule is one attempt')
    t.equal(elsewhere.received.length, 0)
    const [first] = hook.received
    t.ok(first && new Webhook(String(sink?.secret)).verify(first.body, first.headers as Record<string, string>))
    t.equal(first?.headers['content-type'], 'application/cloudevents+json')

    hook.answer = ({ id }) => (hook.of(id) === 1 ? { status: 503, headers: { 'retry-after': '2' } } : { status: 200 })
    await put('hook', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [1] } })
    await pushText(gateway, { appId: APP, content: 'later', msgId: '12' })
    const attempts = () => hook.received.filter(({ event }) => event.data['Content'] === 'later')
    await until('the second attempt', () => attempts().length === 2)
    const [one, two] = attempts()
    t.ok((two?.atMs ?? 0) - (one?.atMs ?? 0) >= 1_950, 'Retry-After is obeyed')
    t.equal(one?.headers['webhook-id'], two?.headers['webhook-id'])

    hook.answer = () => ({ status: 500 })
    await put('hook', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [3600] } })
    await pushText(gateway, { appId: APP, content: 'pending', msgId: '13' })
    const pending = await until('it waits for its retry', async () => {
      const { body } = await call('GET', '/events?limit=5')
      return body.items?.find(
        ({ event, deliveries }) => event?.data['Content'] === 'pending' && deliveries?.[0]?.status === 'retrying',
      )
    })
    hook.answer = () => ({ status: 410 })
    await pushText(gateway, { appId: APP, content: 'gone', msgId: '14' })
    await until(
      'the subscription is disabled',
      async () => (await call('GET', '/subscriptions/hook')).body.enabled === false,
    )
    const both = await until('both are dead', async () => {
      const { items = [] } = await deadLetters('hook')
      return items.length >= 3 ? items : undefined
    })
    const errorOf = (content: string) => both.find(({ event }) => event?.data['Content'] === content)?.lastError
    t.equal(errorOf('gone'), 'HTTP 410')
    t.equal(errorOf('pending'), 'subscription disabled')
    t.equal((await deliveryOf(String(pending.id), 'hook'))?.status, 'dead')

    for (const url of [
      'http://10.1.2.3/x',
      'http://169.254.169.254/latest',
      'http://[::1]/x',
      'http://192.168.0.1:8080/',
      'ftp://example.com/',
    ]) {
      const { status, body } = await call('PUT', '/subscriptions/private', { sink: { kind: 'webhook', url } })
      t.match({ status, code: body.code }, { status: 400, code: 'INVALID_REQUEST' }, url)
    }
    await remove('hook')
  })

  await story.test(
    'dead letters are paged, replayed one by one or all, discarded; replays reach every kind of sink',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 500 }))
      await put('dead', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [] } })
      await Promise.all(
        Array.from({ length: 7 }, (_, n) => pushText(gateway, { appId: APP, content: `dead ${n}`, msgId: `2${n}` })),
      )
      await until('seven are dead', async () => (await deadLetters('dead')).items?.length === 7)
      const pages: string[][] = []
      for (let cursor: string | null | undefined = ''; cursor !== null && cursor !== undefined;) {
        const page = await deadLetters('dead', `?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`)
        pages.push((page.items ?? []).map(({ id }) => String(id)))
        cursor = page.nextCursor
      }
      t.same(
        pages.map(({ length }) => length),
        [3, 3, 1],
      )
      const ids = pages.flat()
      t.equal(new Set(ids).size, 7)

      hook.answer = () => ({ status: 200 })
      hook.received.length = 0
      t.equal((await call('POST', '/subscriptions/dead/dead-letters/replay', { ids: [ids[0]] })).body.replayed, 1)
      await until('the one arrives', () => hook.received.length === 1)
      t.equal(
        (await call('POST', '/subscriptions/dead/dead-letters/replay', { ids: [ids[0], ids[1], ids[2], 'nothing'] }))
          .body.replayed,
        2,
      )
      await until('the two arrive', () => hook.received.length === 3)
      const discarded = await call('DELETE', `/subscriptions/dead/dead-letters?ids=${ids[3]}`)
      t.ok(discarded.status === 200 || discarded.status === 204)
      const replayed = await call('POST', '/subscriptions/dead/dead-letters/replay')
      t.match({ status: replayed.status, replayed: replayed.body.replayed }, { status: 202, replayed: 3 })
      await until('the rest arrives', () => hook.received.length === 6)
      t.same((await deadLetters('dead')).items, [])
      t.ok(hook.received.every(({ event, headers }) => headers['webhook-id'] === event.id))
      const [again] = hook.received
      await until(
        'the log knows',
        async () => (await deliveryOf(String(again?.event.id), 'dead'))?.status === 'delivered',
      )

      await put('queue', { sink: { kind: 'queue' } })
      await put('stream', { sink: { kind: 'stream' } })
      const consumer = await startQueueConsumer(t, gateway, { subscription: 'queue' })
      const entries = await readStream(t, gateway, 'stream')
      await pushText(gateway, { appId: APP, content: 'replay me', msgId: '30' })
      const event = await until('the queue has it', () =>
        consumer.received.find(({ data }) => data['Content'] === 'replay me'),
      )
      await until('the stream has it', async () => (await entries()).some(({ id }) => id === event.id))
      const replay = await call('POST', `/events/${event.id}/replay`)
      t.match({ status: replay.status, eventId: replay.body.eventId }, { status: 202, eventId: event.id })
      await until('queue, stream and webhook have it again', async () => {
        const inStream = (await entries()).filter(({ id }) => id === event.id).length
        return consumer.of(event.id) === 2 && inStream === 2 && hook.of(event.id) === 2
      })
      t.equal((await call('POST', '/events/ev_unknown/replay')).body.code, 'EVENT_NOT_FOUND')
      await remove('dead', 'queue', 'stream')
    },
  )

  await story.test('the event log filters, pages and tells what became of each delivery', async (t) => {
    const from = new Date().toISOString()
    await pushText(gateway, { appId: APP, content: 'log 1', msgId: '41' })
    await simulator.sendEvent(APP, { event: 'VIEW', openId: 'oLOG' })
    await pushText(gateway, { appId: OTHER, content: 'log 2', msgId: '42' })
    const find = async (query: string) => (await call('GET', `/events?from=${from}${query}`)).body
    await until('three are logged', async () => (await find('')).items?.length === 3)
    const to = new Date(Date.now() + 1).toISOString()
    t.equal((await find(`&authorizer=${APP}`)).items?.length, 2)
    t.equal((await find('&type=wechat.message.*')).items?.length, 2)
    t.equal((await find('&type=WECHAT.event.view')).items?.[0]?.type, 'wechat.event.view')
    t.equal((await find(`&to=${to}`)).items?.length, 3)
    t.equal((await find(`&to=${from.slice(0, 10)}T00:00:00Z`)).items?.length, 0)
    const first = await find('&limit=2')
    const second = await find(`&limit=2&cursor=${first.nextCursor}`)
    t.equal(first.items?.length, 2)
    t.equal(second.items?.length, 1)
    t.equal(second.nextCursor, null)
    t.equal((await call('GET', '/events?cursor=nonsense')).body.code, 'INVALID_REQUEST')
  })

  await story.test(
    'a test event comes through, whatever the subscription matches; after DELETE nothing is left',
    async (t) => {
      const hook = await startHook(t, ({ type }) => ({ status: type === 'gateway.subscription.test' ? 200 : 500 }))
      await put('tested', { match: { types: ['nothing'] }, sink: { kind: 'webhook', url: hook.url } })
      await put('not-tested', { sink: { kind: 'stream' } })
      const others = await readStream(t, gateway, 'not-tested')
      const { status, body } = await call('POST', '/subscriptions/tested/test')
      t.equal(status, 202)
      const { event } = await until('it arrives', () => hook.received[0])
      t.match(event, {
        id: body.eventId,
        type: 'gateway.subscription.test',
        source: '/wx/open1',
        data: { subscription: 'tested' },
      })
      t.same(await others(), [], 'and nowhere else')
      t.equal((await call('POST', '/subscriptions/absent/test')).body.code, 'SUBSCRIPTION_NOT_FOUND')

      for (const kind of ['queue', 'stream']) {
        await put('leaves', { sink: { kind } })
        await pushText(gateway, { appId: APP, content: `leaves ${kind}`, msgId: `5${kind.length}` })
        await until('something stands there', async () => (await keysOf(redis, 'leaves')).length > 0)
      }
      await put('leaves', { sink: { kind: 'webhook', url: hook.url }, retry: { scheduleSeconds: [3600] } })
      await pushText(gateway, { appId: APP, content: 'leaves retry', msgId: '59' })
      await until('a retry waits', async () => (await redis.zcard('bull:{wx-deliveries.open1.leaves}:delayed')) > 0)
      const gone = await call('DELETE', '/subscriptions/leaves')
      t.equal(gone.status, 204)
      t.same(await keysOf(redis, 'leaves'), [])
      t.equal((await call('GET', '/subscriptions/leaves')).status, 404)
      t.equal((await call('DELETE', '/subscriptions/leaves')).status, 404)
      await remove('tested', 'not-tested')
    },
  )
}

async function keysOf(redis: Redis, subscription: string): Promise<string[]> {
  const keys = await redis.keys(`*${subscription}*`)
  return keys.filter((key) => !key.includes('not-'))
}
