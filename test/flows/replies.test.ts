// Passive replies on real processes: who may reply and how, in time, late, never, from everywhere, with Redis gone.
import { messageXml, textOf, type PushResult, type Simulator } from '@wxgw/simulator'
import { randomBytes } from 'node:crypto'
import t from 'tap'
import { readStream, startHook, startQueueConsumer } from '../helpers/consumers.ts'
import { startGateway } from '../helpers/gateway.ts'
import { nameOf, nowSeconds, pushText } from '../helpers/push-text.ts'
import { startStopwatch } from '../helpers/stopwatch.ts'
import { subscriptionsOf } from '../helpers/subscriptions.ts'
import { until } from '../helpers/until.ts'

const DEADLINE_MS = 1_200
const APP = 'wx00000000000000b1'
const MINI = 'wx00000000000000b2'
const OTHER = 'wx00000000000000b3'
const USER = 'oUSER'

const contentOf = (push: PushResult) => push.reply && textOf(push.reply.fields, 'Content')

void t.test('passive replies', async (story) => {
  const previous = {
    token: randomBytes(8).toString('hex'),
    encodingAesKey: randomBytes(40).toString('hex').slice(0, 43),
  }
  const gateway = await startGateway({
    ingresses: 2,
    workers: 2,
    env: {
      REPLY_DEADLINE_MS: String(DEADLINE_MS),
      WX_PREVIOUS_TOKEN: previous.token,
      WX_PREVIOUS_ENCODING_AES_KEY: previous.encodingAesKey,
    },
  })
  story.teardown(() => gateway.stop())
  const { simulator } = gateway
  for (const appId of [APP, MINI, OTHER]) simulator.addAccount({ appId, userName: nameOf(appId) })
  simulator.configure({ attempts: 1 })
  await simulator.pushTicket()
  await simulator.authorize(APP)
  await until('the account is there', async () => (await gateway.call('GET', `/authorizers/${APP}`)).status === 200)
  const { put, remove, deadLetters: deadLettersOf } = subscriptionsOf(gateway)
  const eventOf = async (content: string) => {
    return await until(`${content} is in the log`, async () => {
      const { body } = await gateway.call('GET', '/events?limit=20')
      return body.items?.find(({ event }) => event?.data['Content'] === content)
    })
  }

  await story.test('a webhook replies in every form; the simulator opens what it gets', async (t) => {
    const forms: Array<[Record<string, unknown>, string]> = [
      [
        { MsgType: 'text', Content: '你好 ]]> <b>&amp;' },
        '<Content><![CDATA[你好 ]]]]><![CDATA[> <b>&amp;]]></Content>',
      ],
      [{ MsgType: 'image', Image: { MediaId: 'm' } }, '<Image><MediaId><![CDATA[m]]></MediaId></Image>'],
      [{ MsgType: 'voice', Voice: { MediaId: 'm' } }, '<Voice><MediaId><![CDATA[m]]></MediaId></Voice>'],
      [
        { MsgType: 'video', Video: { MediaId: 'm', Title: 't', Description: 'd' } },
        '<Video><MediaId><![CDATA[m]]></MediaId><Title>',
      ],
      [
        {
          MsgType: 'music',
          Music: { Title: 't', Description: 'd', MusicUrl: 'u', HQMusicUrl: 'h', ThumbMediaId: 'm' },
        },
        '<ThumbMediaId><![CDATA[m]]></ThumbMediaId></Music>',
      ],
      [
        {
          MsgType: 'news',
          Articles: [
            { Title: 't', Description: 'd', PicUrl: 'p', Url: 'u' },
            { Title: 'z', Url: 'y' },
          ],
        },
        '<ArticleCount>2</ArticleCount><Articles><item><Title><![CDATA[t]]></Title>',
      ],
      [
        { MsgType: 'transfer_customer_service', TransInfo: { KfAccount: 'a@b' } },
        '<TransInfo><KfAccount><![CDATA[a@b]]></KfAccount></TransInfo>',
      ],
    ]
    const hook = await startHook(t, ({ data }) => ({
      status: 200,
      body: { reply: forms[Number(data['Content'])]?.[0] },
    }))
    await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true })
    for (const [index, [form, xml]] of forms.entries()) {
      const pushed = await simulator.sendText(APP, { openId: USER, content: String(index) })
      t.ok(pushed.ok, JSON.stringify(pushed.attempts))
      t.match(pushed.reply?.xml, xml)
      const fields = pushed.reply?.fields ?? {}
      t.equal(textOf(fields, 'MsgType'), form['MsgType'])
      t.equal(textOf(fields, 'ToUserName'), USER)
      t.equal(textOf(fields, 'FromUserName'), nameOf(APP))
      t.match(textOf(fields, 'CreateTime'), /^\d{10}$/)
    }

    const rotated = await simulator.push('authorizer', {
      xml: messageXml({ toUserName: nameOf(APP), openId: USER, createTimeSeconds: nowSeconds() }, 'text', {
        Content: '0',
        MsgId: '77',
      }),
      appId: APP,
      encryptWith: previous,
    })
    t.ok(rotated.ok && rotated.reply, 'a reply is sealed with the key that opened the push, the previous one too')

    hook.answer = () => ({
      status: 200,
      body: { reply: { raw: `<xml><ToUserName>${USER}</ToUserName><ErrCode>0</ErrCode></xml>` } },
    })
    const raw = await simulator.sendEvent(APP, { openId: USER, event: 'xpay_goods_deliver_notify' })
    t.match(raw.reply?.xml, '<ErrCode>0</ErrCode>')
    await remove('hook')
  })

  await story.test(
    'a push that names neither account nor user is answered in a form of its own; a missing account is filled in',
    async (t) => {
      const coin = '<xml><MsgType>event</MsgType><Event>minigame_coin_deliver_completed</Event>'
      const push = (xml: string) => simulator.push('authorizer', { xml, appId: APP, attempts: 1 })
      const hook = await startHook(t, () => ({
        status: 200,
        body: { reply: { raw: '<xml><ErrCode>0</ErrCode></xml>' } },
      }))
      await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true, retry: { scheduleSeconds: [] } })
      const answered = await push(`${coin}<MiniGame><IsMock>0</IsMock></MiniGame></xml>`)
      t.match(answered.reply?.xml, '<ErrCode>0</ErrCode>')

      hook.answer = () => ({ status: 200, body: { reply: { MsgType: 'text', Content: 'thanks' } } })
      const refused = await push(`${coin}<MiniGame><IsMock>1</IsMock></MiniGame></xml>`)
      t.ok(refused.ok && !refused.reply)
      await until('it is a failed delivery', async () => {
        return (await deadLettersOf('hook')).items?.find(({ lastError }) => lastError === 'invalid reply')
      })

      const filled = await push(
        messageXml({ toUserName: '', openId: USER, createTimeSeconds: nowSeconds() }, 'text', {
          Content: 'hi',
          MsgId: '78',
        }),
      )
      t.equal(textOf(filled.reply?.fields ?? {}, 'ToUserName'), USER)
      t.equal(textOf(filled.reply?.fields ?? {}, 'FromUserName'), nameOf(APP))
      await remove('hook')
    },
  )

  await story.test('an invalid reply of a webhook is success to WeChat and a failed delivery', async (t) => {
    const hook = await startHook(t, () => ({ status: 200, body: { reply: { MsgType: 'sms' } } }))
    await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true, retry: { scheduleSeconds: [] } })
    const pushed = await simulator.sendText(APP, { openId: USER, content: 'invalid by hook' })
    t.equal(pushed.attempts[0]?.body, 'success')
    const deadLetters = async () => (await deadLettersOf('hook')).items ?? []
    const dead = await until('it is dead', async () => (await deadLetters())[0])
    t.match(dead, { lastError: 'invalid reply', attempts: 1 })

    // A document goes only to events that want one, and to nobody but the user who is there.
    const toVictim = '<xml><ToUserName>oVICTIM</ToUserName><MsgType>text</MsgType><Content>x</Content></xml>'
    hook.answer = ({ type }) => ({
      status: 200,
      body: { reply: { raw: type.includes('text') ? '<xml><ErrCode>0</ErrCode></xml>' : toVictim } },
    })
    const documents = await Promise.all([
      simulator.sendText(APP, { openId: USER, content: 'a document for a message' }),
      simulator.sendEvent(APP, { openId: USER, event: 'xpay_goods_deliver_notify' }),
    ])
    t.same(
      documents.map(({ attempts }) => attempts[0]?.body),
      ['success', 'success'],
    )
    await until(
      'both are dead',
      async () => (await deadLetters()).filter(({ lastError }) => lastError === 'invalid reply').length === 3,
    )
    await remove('hook')
  })

  await story.test(
    'a consumer that says that it has no reply lets the push go at once; one that says nothing is waited for',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 200, body: { reply: null } }))
      const none = (push: PushResult) =>
        push.attempts[0]?.body === 'success' && (push.attempts[0].ms ?? DEADLINE_MS) < DEADLINE_MS / 2
      await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true, fallback: 'customer-service' })
      await until('the hook is asked', async () =>
        none(await simulator.sendText(APP, { openId: USER, content: 'no reply' })),
      )
      const sent = simulator.sentCustomMessages.length
      const { id } = await eventOf('no reply')
      const late = await gateway.call('POST', `/replies/${id}`, { reply: { MsgType: 'text', Content: 'after all' } })
      t.equal(late.status, 409, 'what is said is said')
      t.equal(simulator.sentCustomMessages.length, sent)
      hook.answer = () => ({ status: 200, body: {} })
      const silent = await simulator.sendText(APP, { openId: USER, content: 'silent' })
      t.ok((silent.attempts[0]?.ms ?? 0) >= DEADLINE_MS, 'its reply may still come by /replies')
      await remove('hook')

      await put('queue', { sink: { kind: 'queue' }, reply: true })
      await startQueueConsumer(t, gateway, { subscription: 'queue', work: () => ({ reply: null }) })
      await until('the worker hears the consumer', async () =>
        none(await simulator.sendText(APP, { openId: USER, content: 'no' })),
      )
      await remove('queue')
    },
  )

  await story.test(
    'a push waits for no consumer that fails for all, and is answered when it is well again',
    async (t) => {
      const hook = await startHook(t, () => ({ status: 500 }))
      await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true, retry: { scheduleSeconds: [600] } })
      const push = () => simulator.sendText(APP, { openId: USER, content: 'in vain' })
      await Promise.all(Array.from({ length: 6 }, push))
      await until('pushes are answered before the deadline', async () => {
        const { attempts } = await push()
        const [answered] = attempts
        return answered?.body === 'success' && answered.ms < DEADLINE_MS / 2
      })
      hook.answer = () => ({ status: 200, body: { reply: { MsgType: 'text', Content: 'well' } } })
      await until(
        'its reply is the answer again',
        async () => contentOf(await simulator.sendText(APP, { openId: USER, content: 'again' })) === 'well',
      )
      await remove('hook')
    },
  )

  await story.test('a queue consumer replies by what its job returns; an invalid one is a dead letter', async (t) => {
    await put('queue', { sink: { kind: 'queue' }, reply: true })
    const consumer = await startQueueConsumer(t, gateway, {
      subscription: 'queue',
      work: ({ data }) =>
        data['Content'] === 'bad'
          ? { reply: { raw: '<xml><ErrCode>0</ErrCode></xml>' } }
          : { reply: { MsgType: 'text', Content: `${data['Content']}!` } },
    })
    // A worker begins to listen within half a second of the subscription.
    await until(
      'it is heard',
      async () => contentOf(await simulator.sendText(APP, { openId: USER, content: 'q' })) === 'q!',
    )
    const bad = await simulator.sendText(APP, { openId: USER, content: 'bad' })
    t.equal(bad.attempts[0]?.body, 'success')
    const dead = await until('it is dead', async () => (await deadLettersOf('queue')).items?.[0])
    t.equal(dead.lastError, 'invalid reply')
    const logged = await until('the log says so', async () => {
      const { body } = await gateway.call('GET', `/events/${dead.eventId}`)
      return body.deliveries?.find(({ status }) => status === 'dead')
    })
    t.match(logged, { subscription: 'queue', attempts: 1, lastError: 'invalid reply' })
    t.equal((await gateway.call('POST', '/subscriptions/queue/dead-letters/replay')).body.replayed, 1)
    await until('the replay is really delivered again', () => consumer.of(String(dead.eventId)) === 2)
    await remove('queue')
  })

  await story.test('POST /replies answers for a stream; the answers when it cannot', async (t) => {
    await put('stream', { sink: { kind: 'stream' }, reply: true })
    const entries = await readStream(t, gateway, 'stream')
    const reply = { MsgType: 'text', Content: 'by HTTP' }
    const pushing = simulator.sendText(APP, { openId: USER, content: 'to the stream' })
    const event = await until('the stream has it', async () =>
      (await entries()).find(({ data }) => data['Content'] === 'to the stream'),
    )
    const bad = await gateway.call('POST', `/replies/${event.id}`, { reply: { MsgType: 'text' } })
    t.match({ status: bad.status, code: bad.body.code }, { status: 400, code: 'INVALID_REQUEST' })
    for (const raw of ['<xml><a></xml>', '<xml><ErrCode>0</ErrCode></xml>']) {
      const refused = await gateway.call('POST', `/replies/${event.id}`, { reply: { raw } })
      t.match({ status: refused.status, code: refused.body.code }, { status: 400, code: 'INVALID_REQUEST' }, raw)
    }
    const accepted = await gateway.call('POST', `/replies/${event.id}`, { reply })
    t.match({ status: accepted.status, sentBy: accepted.body.sentBy }, { status: 202, sentBy: 'passive-reply' })
    t.equal(contentOf(await pushing), 'by HTTP')
    const twice = await gateway.call('POST', `/replies/${event.id}`, { reply })
    t.match({ status: twice.status, code: twice.body.code }, { status: 409, code: 'REPLY_ALREADY_SENT' })
    const unknown = await gateway.call('POST', '/replies/ev_nobody_knows', { reply })
    t.match({ status: unknown.status, code: unknown.body.code }, { status: 404, code: 'EVENT_NOT_FOUND' })

    const elapsedMs = startStopwatch()
    const late = await simulator.sendText(APP, { openId: USER, content: 'nobody answers' })
    t.equal(late.attempts[0]?.body, 'success')
    t.ok((late.attempts[0]?.ms ?? 0) >= DEADLINE_MS, 'not before the deadline')
    t.ok(elapsedMs() < DEADLINE_MS + 300)
    const { id } = await eventOf('nobody answers')
    const tooLate = await gateway.call('POST', `/replies/${id}`, { reply })
    t.match({ status: tooLate.status, code: tooLate.body.code }, { status: 410, code: 'REPLY_TOO_LATE' })

    await put('stream', { sink: { kind: 'stream' }, reply: true, fallback: 'customer-service' })
    const before = simulator.sentCustomMessages.length
    const offers = await Promise.all(Array.from({ length: 4 }, () => gateway.call('POST', `/replies/${id}`, { reply })))
    t.same(
      offers.map(({ status }) => status).toSorted((left, right) => left - right),
      [202, 409, 409, 409],
      'the fallback sends it once',
    )
    t.equal(offers.find(({ status }) => status === 202)?.body.sentBy, 'customer-service')
    t.match(simulator.sentCustomMessages.slice(before), [
      { appId: APP, touser: USER, message: { text: { content: 'by HTTP' } } },
    ])
    t.equal(
      (await gateway.call('POST', `/replies/${event.id}`, { reply })).status,
      409,
      'what was answered in time is not sent again',
    )
    await remove('stream')
  })

  await story.test('the first by name replies, the others just receive, however fast they are', async (t) => {
    await put('a-stream', { sink: { kind: 'stream' }, reply: true, match: { types: ['wechat.message.*'] } })
    await put('b-queue', { sink: { kind: 'queue' }, reply: true, fallback: 'customer-service' })
    const hook = await startHook(t, () => ({ status: 200, body: { reply: { MsgType: 'text', Content: 'c' } } }))
    await put('c-hook', { sink: { kind: 'webhook', url: hook.url }, reply: true })
    const consumer = await startQueueConsumer(t, gateway, {
      subscription: 'b-queue',
      work: () => ({ reply: { MsgType: 'text', Content: 'b' } }),
    })
    await until(
      'b replies where it is the first',
      async () => contentOf(await simulator.sendEvent(APP, { openId: USER, event: 'CLICK' })) === 'b',
    )
    const sent = simulator.sentCustomMessages.length
    const pushing = simulator.sendText(APP, { openId: USER, content: 'who replies' })
    const has = (event: { data: Record<string, unknown> }) => event.data['Content'] === 'who replies'
    await until('c has it', () => hook.received.some(({ event }) => has(event)))
    const event = await until('b has it', () => consumer.received.find(has))
    t.equal(
      (await gateway.call('POST', `/replies/${event.id}`, { reply: { MsgType: 'text', Content: 'a' } })).status,
      202,
    )
    t.equal(contentOf(await pushing), 'a')
    const vain = await simulator.sendText(APP, { openId: USER, content: 'a says nothing' })
    t.equal(vain.attempts[0]?.body, 'success')
    t.equal(simulator.sentCustomMessages.length, sent, 'nor is what the others say sent by the fallback')
    await remove('a-stream', 'b-queue', 'c-hook')
  })

  await story.test(
    'a retry joins the push that waits, at another ingress too; others are acknowledged meanwhile',
    async (t) => {
      await put('stream', { sink: { kind: 'stream' }, reply: true, match: { authorizers: [APP] } })
      const entries = await readStream(t, gateway, 'stream')
      const pushed = { appId: APP, content: 'joined', msgId: '424242', createTime: nowSeconds() }
      const waiting = [0, 1, 0, 1].map((at) => pushText(gateway, { ...pushed, at }))
      const event = await until('the stream has it', async () =>
        (await entries()).find(({ data }) => data['Content'] === 'joined'),
      )
      const elapsedMs = startStopwatch()
      const other = await simulator.sendText(OTHER, { openId: USER, content: 'undisturbed' })
      t.equal(other.attempts[0]?.body, 'success')
      t.ok(elapsedMs() < DEADLINE_MS / 2)
      t.equal(
        (await gateway.call('POST', `/replies/${event.id}`, { reply: { MsgType: 'text', Content: 'one for all' } }))
          .status,
        202,
      )
      t.same(
        (await Promise.all(waiting)).map(contentOf),
        Array.from({ length: 4 }, () => 'one for all'),
      )
      const again = await pushText(gateway, { ...pushed, at: 1 })
      t.equal(contentOf(again), 'one for all', 'and so does one that comes afterwards')
      t.equal((await entries()).filter(({ id }) => id === event.id).length, 1)
      await remove('stream')
    },
  )

  await story.test('a late reply of a webhook is sent by the fallback, once', async (t) => {
    const hook = await startHook(t, async () => {
      await simulatorAnswered(simulator, 'slow hook')
      return { status: 200, body: { reply: { MsgType: 'text', Content: 'late' } } }
    })
    await put('hook', { sink: { kind: 'webhook', url: hook.url }, reply: true, fallback: 'customer-service' })
    const before = simulator.sentCustomMessages.length
    const pushed = await simulator.sendText(APP, { openId: USER, content: 'slow hook' })
    t.equal(pushed.attempts[0]?.body, 'success')
    await until('it is sent', () => simulator.sentCustomMessages.length > before)
    t.match(simulator.sentCustomMessages.slice(before), [
      { appId: APP, touser: USER, message: { text: { content: 'late' } } },
    ])
    await remove('hook')
  })

  await story.test(
    'a late reply of a queue consumer is sent by the fallback, once, although two workers hear it',
    async (t) => {
      await put('queue', { sink: { kind: 'queue' }, reply: true, fallback: 'customer-service' })
      await startQueueConsumer(t, gateway, {
        subscription: 'queue',
        work: async ({ data }) => {
          if (data['Content'] === 'slow queue') await simulatorAnswered(simulator, 'slow queue')
          return { reply: { MsgType: 'text', Content: `${data['Content']}!` } }
        },
      })
      await until(
        'it is heard',
        async () => contentOf(await simulator.sendText(APP, { openId: USER, content: 'quick' })) === 'quick!',
      )
      const pushed = await simulator.sendText(APP, { openId: USER, content: 'slow queue' })
      t.equal(pushed.attempts[0]?.body, 'success')
      const sent = () =>
        simulator.sentCustomMessages.filter(
          ({ message }) => JSON.stringify(message['text']) === '{"content":"slow queue!"}',
        )
      await until('it is sent', () => sent().length > 0)
      const { id } = await eventOf('slow queue')
      t.equal((await gateway.call('POST', `/replies/${id}`, { reply: { MsgType: 'text', Content: 'x' } })).status, 409)
      t.equal(sent().length, 1)
      await remove('queue')
    },
  )

  await story.test('Redis killed while a push waits: it is answered in time all the same', async (t) => {
    await put('stream', { sink: { kind: 'stream' }, reply: true })
    const entries = await readStream(t, gateway, 'stream')
    const elapsedMs = startStopwatch()
    const pushing = simulator.sendText(APP, { openId: USER, content: 'redis dies' })
    await until('the stream has it', async () => (await entries()).find(({ data }) => data['Content'] === 'redis dies'))
    await gateway.redis.kill()
    const { ms = 0, body } = (await pushing).attempts[0] ?? {}
    t.equal(body, 'success')
    t.ok(ms >= DEADLINE_MS - 50, 'not before the deadline')
    t.ok(elapsedMs() < DEADLINE_MS + 300)
  })
})

/** Resolves when the push with this content has been answered. */
async function simulatorAnswered(simulator: Simulator, content: string): Promise<void> {
  await until(`${content} is answered`, () =>
    simulator.pushes.some(({ xml, attempts }) => xml.includes(content) && attempts.length > 0),
  )
}
