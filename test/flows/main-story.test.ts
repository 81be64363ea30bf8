// The main story on real processes: ticket, authorization, token, message, consumers, refresh.
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Webhook } from 'standardwebhooks'
import t from 'tap'
import { startHook } from '../helpers/consumers.ts'
import { type Event, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'

void t.test('a ticket, an authorization, a token, a message at three sinks, a refresh', async (story) => {
  const gateway = await startGateway()
  story.teardown(() => gateway.stop())
  const { simulator } = gateway
  const appId = 'wx00000000000000a1'
  simulator.addAccount({ appId, userName: 'gh_0000000000a1', nickName: '测试公众号' })

  await story.test('without a ticket, token reads say so', async (t) => {
    const { status, body } = await gateway.call('GET', '/component_access_token')
    t.equal(status, 503)
    t.equal(body.code, 'COMPONENT_TICKET_MISSING')
  })

  await story.test('a pushed ticket buys the component token', async (t) => {
    const pushed = await simulator.pushTicket()
    t.ok(pushed.ok)
    const answer = await until('the component token can be read', async () => {
      const read = await gateway.call('GET', '/component_access_token')
      return read.status === 200 ? read.body : undefined
    })
    t.ok(simulator.isCurrentComponentToken(String(answer.token)))
    t.equal(simulator.countCalls('api_component_token'), 1)
  })

  const webhook = await startHook(story)
  let secret = ''
  const queued: Event[] = []

  await story.test('three subscriptions are created', async (t) => {
    const queue = await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'queue' } })
    t.equal(queue.status, 201)
    const { sink } = queue.body
    const stream = await gateway.call('PUT', '/subscriptions/analytics', {
      sink: { kind: 'stream' },
      match: { types: ['wechat.message.*'] },
    })
    t.equal(stream.status, 201)
    const hook = await gateway.call('PUT', '/subscriptions/hook', {
      sink: { kind: 'webhook', url: webhook.url },
      match: { authorizers: [appId] },
    })
    t.equal(hook.status, 201)
    t.match(hook.body.sink?.secret, /^whsec_/)
    secret = String(hook.body.sink?.secret)
    const consumer = new Worker(String(sink?.queue), async (job) => void queued.push(job.data), {
      connection: { url: gateway.redis.url, maxRetriesPerRequest: null },
      prefix: sink?.prefix ?? 'bull',
    })
    story.teardown(() => consumer.close())
    t.equal((await gateway.call('PUT', '/subscriptions/crm', { sink: { kind: 'queue' } })).status, 200)
  })

  await story.test('an authorization is exchanged once, stored, and told with its profile', async (t) => {
    const { push } = await simulator.authorize(appId)
    t.ok(push?.ok)
    const event = await until('the authorized event arrives', () =>
      queued.find(({ type }) => type === 'wechat.component.authorized'),
    )
    t.match(event.data, { authorizer: { nick_name: '测试公众号' } })
    t.equal(event.source, '/wx/open1')
    t.equal(event.subject, appId)
    t.notOk('AuthorizationCode' in event.data)
    t.equal(simulator.countCalls('api_query_auth'), 1)
    const { body } = await gateway.call('GET', `/authorizers/${appId}`)
    t.equal(body.status, 'active')
  })

  await story.test('its token is read over HTTP and from Redis', async (t) => {
    const { status, body } = await gateway.call('GET', `/access_token/${appId}`)
    t.equal(status, 200)
    t.ok(simulator.isCurrentAccessToken(appId, String(body.token)))
    const redis = new Redis(gateway.redis.url)
    t.teardown(() => redis.disconnect())
    t.equal(await redis.get(`wx:{open1}:access_token:${appId}`), body.token)
    t.ok(Math.abs((await redis.ttl(`wx:{open1}:access_token:${appId}`)) - Number(body.expires_in)) <= 1)
  })

  await story.test('a message reaches queue, stream and webhook as one event', async (t) => {
    const sent = await simulator.sendText(appId, {
      openId: 'oUSER',
      content: '你好 <&> ]]> 007',
      msgId: '6074746557628292943',
    })
    t.ok(sent.ok)
    t.equal(sent.attempts.at(-1)?.body, 'success')
    const event = await until('the queue consumer has it', () =>
      queued.find(({ type }) => type === 'wechat.message.text'),
    )
    t.match(event, {
      specversion: '1.0',
      source: `/wx/open1/${appId}`,
      subject: 'oUSER',
      platform: 'open1',
      authorizerappid: appId,
      data: { Content: '你好 <&> ]]> 007', MsgId: '6074746557628292943', FromUserName: 'oUSER' },
    })
    const redis = new Redis(gateway.redis.url)
    t.teardown(() => redis.disconnect())
    const { body: analytics } = await gateway.call('GET', '/subscriptions/analytics')
    const fields = await until(
      'the stream has it',
      async () => (await redis.xrange(String(analytics.sink?.stream), '-', '+'))[0]?.[1],
    )
    t.strictSame(
      fields.filter((_, index) => index % 2 === 0),
      ['id', 'type', 'event'],
    )
    t.strictSame(JSON.parse(fields[5] ?? ''), event)
    const received = await until('the webhook has it', () => webhook.received.find((one) => one.event.id === event.id))
    t.equal(received.headers['content-type'], 'application/cloudevents+json')
    t.equal(received.headers['webhook-id'], event.id)
    t.strictSame(new Webhook(secret).verify(received.body, received.headers as Record<string, string>), event)
    const logged = await until('the event log knows three deliveries', async () => {
      const { body } = await gateway.call('GET', `/events/${event.id}`)
      return body.deliveries?.every(({ status }) => status === 'delivered') ? body : undefined
    })
    t.equal(logged.deliveries?.length, 3)
  })

  await story.test('a forced refresh issues a new token, and consumers hear of it', async (t) => {
    const before = await gateway.call('GET', `/access_token/${appId}`)
    const { status, body } = await gateway.call('GET', `/access_token/${appId}?force=true`)
    t.equal(status, 200)
    t.not(body.token, before.body.token)
    t.ok(simulator.isCurrentAccessToken(appId, String(body.token)))
    await until('the event arrives', () => queued.find(({ type }) => type === 'gateway.token.refreshed'))
  })

  await story.test('an unauthorized account has no token', async (t) => {
    await simulator.unauthorize(appId)
    await until(
      'it is revoked',
      async () => (await gateway.call('GET', `/authorizers/${appId}`)).body.status === 'revoked',
    )
    const { status, body } = await gateway.call('GET', `/access_token/${appId}`)
    t.equal(status, 410)
    t.equal(body.code, 'AUTHORIZER_REVOKED')
  })

  await story.test('both processes drain and exit 0 on SIGTERM', async (t) => {
    t.equal(await gateway.ingresses[0]?.process.end(), 0)
    t.equal(await gateway.workers[0]?.process.end(), 0)
  })
})
