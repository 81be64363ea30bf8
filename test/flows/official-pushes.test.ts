// Pushes made by code that is not ours, and documents as WeChat writes them, come out at all three sinks as the contract says.
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { type Event, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import { startWebhookReceiver } from '../helpers/webhook-receiver.ts'
import { vector } from '../helpers/wxbizmsgcrypt-vectors.ts'
import {
  AUTHORIZER,
  COMPONENT,
  COMPONENT_DOCUMENTS,
  MESSAGE_DOCUMENTS,
  type PushedDocument,
} from './pushed-documents.ts'

void t.test('official and real pushes at three sinks', async (story) => {
  const official = vector('O1')
  const unauthorized = vector('V3')
  const dir = await mkdtemp(join(tmpdir(), 'wxgw-config-'))
  story.teardown(() => rm(dir, { recursive: true }))
  const configFile = join(dir, 'platforms.yaml')
  await writeFile(configFile, `platforms:\n${[official, unauthorized].map((one) => platformOf(one)).join('')}`)

  const gateway = await startGateway({
    component: { appId: COMPONENT },
    // Old captures are pushed: any age of the envelope is accepted, and what is old is still dispatched.
    env: { CONFIG_FILE: configFile, PUSH_MAX_SKEW_SECONDS: '1000000000' },
  })
  story.teardown(() => gateway.stop())
  const redis = new Redis(gateway.redis.url)
  story.teardown(() => redis.disconnect())

  /** Three subscriptions of a platform, and how to wait for an event at all of them. */
  async function subscribe(platform: string) {
    const queued: Event[] = []
    const receiver = await startWebhookReceiver()
    story.teardown(() => receiver.close())
    const queue = await put(platform, 'queue', { sink: { kind: 'queue' } })
    const stream = await put(platform, 'stream', { sink: { kind: 'stream' } })
    const webhook = await put(platform, 'webhook', { sink: { kind: 'webhook', url: receiver.url } })
    receiver.secret = String(webhook.sink?.secret)
    const consumer = new Worker(String(queue.sink?.queue), async (job) => void queued.push(job.data), {
      connection: { url: gateway.redis.url, maxRetriesPerRequest: null },
    })
    story.teardown(() => consumer.close())
    return async (type: string): Promise<Event[]> => {
      const atQueue = await until(`the queue has ${type}`, () => queued.find((event) => event.type === type))
      const atWebhook = await until(`the webhook has ${type}`, () =>
        receiver.events().find((event) => event.type === type),
      )
      const atStream = await until(`the stream has ${type}`, async () => {
        const entries = await redis.xrange(String(stream.sink?.stream), '-', '+')
        return entries.map(([, fields]) => JSON.parse(fields[5] ?? '')).find((event: Event) => event.type === type)
      })
      return [atQueue, atWebhook, atStream]
    }
  }

  async function put(
    platform: string,
    name: string,
    body: unknown,
  ): Promise<{ sink?: { queue: string; stream: string; secret: string } }> {
    const answer = await fetch(`${gateway.internalUrl}/apis/v1/wx/${platform}/subscriptions/${name}`, {
      method: 'PUT',
      headers: { ...gateway.auth, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return (await answer.json()) as { sink?: { queue: string; stream: string; secret: string } }
  }

  await story.test('the official sample of an authorizer’s event', async (t) => {
    const arrived = await subscribe('o1')
    const answer = await push(
      `o1/wxba5fad812f8e6fb9/callback`,
      official,
      `<ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName>`,
    )
    t.same(answer, { status: 200, type: 'text/plain; charset=utf-8', body: 'success' })
    for (const event of await arrived('wechat.event.debug_demo')) {
      t.match(event, {
        specversion: '1.0',
        source: '/wx/o1/wxba5fad812f8e6fb9',
        subject: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
        time: '2024-05-17T10:55:29Z',
        datacontenttype: 'application/json',
        platform: 'o1',
        authorizerappid: 'wxba5fad812f8e6fb9',
      })
      t.strictSame(event.data, {
        ToUserName: 'gh_97417a04a28d',
        FromUserName: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
        CreateTime: '1715943329',
        MsgType: 'event',
        Event: 'debug_demo',
        debug_str: 'hello world',
      })
    }
  })

  await story.test('a real unauthorized event', async (t) => {
    const arrived = await subscribe('v3')
    const answer = await push('v3/event', unauthorized, `<AppId><![CDATA[${unauthorized.receiveId}]]></AppId>`)
    t.same(answer, { status: 200, type: 'text/plain; charset=utf-8', body: 'success' })
    for (const event of await arrived('wechat.component.unauthorized')) {
      t.match(event, {
        source: '/wx/v3',
        subject: 'wx570bc396a51b8ff8',
        authorizerappid: 'wx570bc396a51b8ff8',
        time: '2015-07-14T12:16:36Z',
      })
      t.equal(event.data['InfoType'], 'unauthorized')
    }
  })

  await story.test('the same bytes with one changed are refused and leave nothing', async (t) => {
    const before = new Set(await redis.keys('*'))
    const flipped = { ...unauthorized, encrypt: `8${unauthorized.encrypt.slice(1)}` }
    t.match(await push('v3/event', flipped), { status: 401, body: /"SIGNATURE_MISMATCH"/ })
    t.match(await push('v3/event', { ...unauthorized, timestamp: '1436876198' }), {
      status: 401,
      body: /"SIGNATURE_MISMATCH"/,
    })
    t.match(
      await push('o1/event', unauthorized),
      { status: 401 },
      'the credentials of one platform are not those of another',
    )
    // What the processes themselves write meanwhile comes and goes.
    const background =
      /:(stalled-check|stalled|marker|active|[^:]+:lock|statistics:\d+|refused_pushes|figures|gathering)$/
    t.same(
      (await redis.keys('*')).filter((key) => !before.has(key) && !background.test(key)),
      [],
    )
  })

  await story.test('every document as WeChat writes it', async (t) => {
    const arrived = await subscribe('open1')
    gateway.simulator.addAccount({ appId: AUTHORIZER, userName: 'gh_000000000001' })
    for (const document of COMPONENT_DOCUMENTS) {
      t.ok((await gateway.simulator.push('component', { xml: document.xml })).ok, document.what)
      await check(t, document, await arrived(document.expected.type), '/wx/open1')
    }
    for (const document of MESSAGE_DOCUMENTS) {
      t.ok((await gateway.simulator.push('authorizer', { appId: AUTHORIZER, xml: document.xml })).ok, document.what)
      await check(t, document, await arrived(document.expected.type), `/wx/open1/${AUTHORIZER}`)
    }
  })

  async function push(path: string, { encrypt, timestamp, nonce, msgSignature }: Envelope, envelope = '') {
    const query = new URLSearchParams({
      timestamp: String(timestamp),
      nonce: String(nonce),
      encrypt_type: 'aes',
      msg_signature: String(msgSignature),
    })
    const response = await fetch(`${gateway.publicUrl}/apis/v1/wx/${path}?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml' },
      body: `<xml>${envelope}<Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
    })
    return { status: response.status, type: response.headers.get('content-type'), body: await response.text() }
  }
})

type Envelope = Pick<ReturnType<typeof vector>, 'encrypt' | 'timestamp' | 'nonce' | 'msgSignature'>

async function check(t: Test, { what, expected }: PushedDocument, events: Event[], source: string): Promise<void> {
  t.equal(new Set(events.map(({ id }) => id)).size, 1, `${what}: one id at all sinks`)
  for (const { data, ...event } of events) {
    t.strictSame(data, expected.data, what)
    t.match(event, { source, type: expected.type, ...(expected.subject ? { subject: expected.subject } : {}) }, what)
  }
}

function platformOf({ id, receiveId, token, encodingAesKey }: ReturnType<typeof vector>): string {
  return `  - {id: ${id.toLowerCase()}, componentAppid: ${receiveId}, componentAppsecret: unused-secret, token: ${token}, encodingAesKey: ${encodingAesKey}}\n`
}
