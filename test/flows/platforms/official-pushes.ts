// Owns: pushes made by code that is not ours, and documents as WeChat writes them, come out at all three sinks as the contract says.
import type { Test } from 'tap'
import { readStream, startHook, startQueueConsumer } from '../../helpers/consumers.ts'
import type { Event } from '../../helpers/gateway.ts'
import { subscriptionsOf } from '../../helpers/subscriptions.ts'
import { until } from '../../helpers/until.ts'
import { vector } from '../../helpers/wxbizmsgcrypt-vectors.ts'
import { createDigests } from '../../hostile/redis-digests.ts'
import { AUTHORIZER, COMPONENT_DOCUMENTS, MESSAGE_DOCUMENTS, type PushedDocument } from '../pushed-documents.ts'
import type { Stage } from './stage.ts'

const SINKS = ['queue', 'stream', 'webhook']

export async function officialPushes(story: Test, { gateway, redis }: Stage): Promise<void> {
  const official = vector('O1')
  const unauthorized = vector('V3')

  /** Three subscriptions of a platform, and how to wait for an event at all of them. */
  async function subscribe(t: Test, platform: string) {
    const call = gateway.callOn(platform)
    const { put, remove } = subscriptionsOf({ call })
    const hook = await startHook(t)
    for (const kind of SINKS) await put(kind, { sink: kind === 'webhook' ? { kind, url: hook.url } : { kind } })
    t.teardown(() => remove(...SINKS))
    const consumer = await startQueueConsumer(t, { ...gateway, call }, { subscription: 'queue' })
    const entries = await readStream(t, { ...gateway, call }, 'stream')
    return (type: string): Promise<Event[]> => {
      const places = {
        queue: () => consumer.received,
        webhook: () => hook.received.map(({ event }) => event),
        stream: entries,
      }
      return Promise.all(
        Object.entries(places).map(([name, events]) =>
          until(`the ${name} has ${type}`, async () => (await events()).find((event) => event.type === type)),
        ),
      )
    }
  }

  await story.test('the official sample of an authorizer’s event', async (t) => {
    const arrived = await subscribe(t, 'o1')
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
    const arrived = await subscribe(t, 'v3')
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
    const keys = createDigests(redis)
    await keys.rest()
    const before = await keys.digest()
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
    t.same(await keys.changes(before), [])
  })

  await story.test('every document as WeChat writes it', async (t) => {
    const arrived = await subscribe(t, 'open1')
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
}

type Envelope = Pick<ReturnType<typeof vector>, 'encrypt' | 'timestamp' | 'nonce' | 'msgSignature'>

async function check(t: Test, { what, expected }: PushedDocument, events: Event[], source: string): Promise<void> {
  t.equal(new Set(events.map(({ id }) => id)).size, 1, `${what}: one id at all sinks`)
  for (const { data, ...event } of events) {
    t.strictSame(data, expected.data, what)
    t.match(event, { source, type: expected.type, ...(expected.subject ? { subject: expected.subject } : {}) }, what)
  }
}
