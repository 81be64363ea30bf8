// Owns: what a webhook's consumer receives and what its answers mean.
import type { DeliveryResult } from '@wxgw/contracts'
import { Secret } from '@wxgw/wechat-core'
import { createGuardedFetch, createWebhookSink } from '@wxgw/worker'
import { Webhook } from 'standardwebhooks'
import t, { type Test } from 'tap'
import { gzipSync } from 'node:zlib'
import { subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'
import { type Script, startWebhookServer } from './webhook-server.ts'

const CURRENT = `whsec_${Buffer.alloc(32, 1).toString('base64')}`
const PREVIOUS = `whsec_${Buffer.alloc(32, 2).toString('base64')}`
const UNKNOWN = `whsec_${Buffer.alloc(32, 3).toString('base64')}`

async function setUp(
  t: Test,
  script: Script,
  { reply = false, secrets = [CURRENT] }: { reply?: boolean; secrets?: string[] } = {},
) {
  const server = await startWebhookServer(script)
  const fetch = createGuardedFetch({ allowNetworks: ['127.0.0.0/8'] })
  t.teardown(async () => {
    fetch.close()
    await server.close()
  })
  const sink = createWebhookSink({
    secrets: async () => secrets.map((secret) => new Secret(secret)),
    fetch,
    clock: { nowMs: () => Date.now() },
  })
  const event = textEvent()
  const deliver = (url = server.url) =>
    sink.deliver({
      subscription: subscription('crm', { sink: webhookSink(url), reply }),
      event,
      body: JSON.stringify(event),
      deliveryId: 'ev-1.replay-1',
      signal: AbortSignal.timeout(2_000),
    })
  return { server, event, deliver }
}

const answering =
  (status: number, body = '', headers: Record<string, string> = {}): Script =>
  (response) =>
    response.writeHead(status, headers).end(body)

/** Without what the attempt alone is kept with. */
function judged(result: DeliveryResult): object {
  return Object.fromEntries(Object.entries(result).filter(([name]) => name !== 'status' && name !== 'answer'))
}

void t.test('the event arrives as CloudEvents JSON under its own id, also when it is a replay', async (t) => {
  const { server, event, deliver } = await setUp(t, answering(204))
  t.same(await deliver(), { outcome: 'delivered', status: 204 })
  const [request] = server.received
  t.same(JSON.parse(request?.body ?? ''), event)
  t.match(request?.headers, {
    'content-type': 'application/cloudevents+json',
    'webhook-id': event.id,
    'webhook-timestamp': /^\d{10}$/,
    'webhook-signature': /^v1,[A-Za-z0-9+/]{43}=$/,
    'user-agent': 'wechat-open-platform-gateway',
  })
})

void t.test('the signature verifies with the library of Standard Webhooks, and only over these bytes', async (t) => {
  const { server, event, deliver } = await setUp(t, answering(200))
  await deliver()
  const { body, headers } = server.received[0] ?? { body: '', headers: {} }
  const signed = headers as Record<string, string>
  t.same(new Webhook(CURRENT).verify(body, signed), event)
  t.throws(() => new Webhook(CURRENT).verify(`${body} `, signed))
  t.throws(() => new Webhook(CURRENT).verify(body, { ...signed, 'webhook-id': 'another' }))
  t.throws(() => new Webhook(UNKNOWN).verify(body, signed))
})

void t.test('while a secret is being replaced, the old and the new one both verify', async (t) => {
  const { server, event, deliver } = await setUp(t, answering(200), { secrets: [CURRENT, PREVIOUS] })
  await deliver()
  const { body, headers } = server.received[0] ?? { body: '', headers: {} }
  const signed = headers as Record<string, string>
  t.equal(signed['webhook-signature']?.split(' ').length, 2)
  for (const secret of [CURRENT, PREVIOUS]) t.same(new Webhook(secret).verify(body, signed), event)
  t.throws(() => new Webhook(UNKNOWN).verify(body, signed))
})

void t.test('nothing is sent unsigned', async (t) => {
  const { server, deliver } = await setUp(t, answering(200), { secrets: [] })
  t.same(await deliver(), { outcome: 'blocked', reason: 'no signing secret' })
  t.equal(server.received.length, 0)
})

void t.test('2xx is delivered, 410 gone, everything else rejected, redirects included', async (t) => {
  for (const status of [200, 201, 202, 204, 299]) {
    t.same(await (await setUp(t, answering(status))).deliver(), { outcome: 'delivered', status }, String(status))
  }
  for (const status of [300, 301, 302, 304, 307, 308, 400, 401, 404, 410, 429, 500, 502, 503]) {
    const { deliver } = await setUp(t, answering(status, '', { location: '/elsewhere' }))
    const rejected = { outcome: 'rejected', status, gone: status === 410, retryAfterSeconds: undefined }
    t.same(await deliver(), rejected, String(status))
  }
})

void t.test('Retry-After is understood as seconds and as a date', async (t) => {
  const seconds = await setUp(t, answering(429, '', { 'retry-after': '120' }))
  t.match(await seconds.deliver(), { outcome: 'rejected', retryAfterSeconds: 120 })
  const date = await setUp(t, answering(503, '', { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }))
  const result = await date.deliver()
  if (result.outcome !== 'rejected') throw new Error(result.outcome)
  t.ok(result.retryAfterSeconds !== undefined && result.retryAfterSeconds > 85 && result.retryAfterSeconds <= 91)
  const twice: Script = (response) => response.writeHead(503, ['retry-after', '1', 'retry-after', '2']).end()
  const found = await (await setUp(t, twice)).deliver()
  t.match(found, { outcome: 'rejected', status: 503 }, 'said twice, it is not understood')
  const odd = await setUp(t, answering(503, '', { 'retry-after': 'soon' }))
  t.match(await odd.deliver(), { outcome: 'rejected', retryAfterSeconds: undefined })
})

void t.test('of an answer is read what can be read; of the rest fixed words say why, never the answer', async (t) => {
  const reply = { MsgType: 'text', Content: '好' }
  const json = JSON.stringify({ reply })
  const unread = (why: string) => ({ outcome: 'delivered', replyProblem: `reply not read: the ${why}` })
  const encoded = (by: string) => ({ 'content-encoding': by })
  const table: Array<
    [what: string, answer: { status?: number; body: string | Buffer; headers?: Record<string, string> }, result: object]
  > = [
    ['JSON', { body: json }, { outcome: 'delivered', reply }],
    ['no reply', { body: '{"reply":null}' }, { outcome: 'delivered', reply: null }],
    ['a byte order mark', { body: `\ufeff${json}` }, { outcome: 'delivered', reply }],
    [
      'another type',
      { body: json, headers: { 'content-type': 'text/html; charset=gbk' } },
      { outcome: 'delivered', reply },
    ],
    ['white space around it', { body: `\n ${json}\r\n` }, { outcome: 'delivered', reply }],
    ['said to be as it is', { body: json, headers: encoded('identity') }, { outcome: 'delivered', reply }],
    ['a warning of PHP before it', { body: `<br />\n<b>Warning</b>: x in y\n${json}` }, unread('answer is not JSON')],
    ['two documents', { body: json + json }, unread('answer is not JSON')],
    ['plain text', { body: 'OK' }, unread('answer is not JSON')],
    ['half of it', { body: json.slice(0, -1) }, unread('answer is not JSON')],
    ['white space alone', { body: ' ' }, unread('answer is not JSON')],
    ['compressed', { body: gzipSync(json), headers: encoded('gzip') }, unread('answer is compressed')],
    [
      'compressed twice',
      { body: gzipSync(gzipSync(json)), headers: encoded('gzip, gzip') },
      unread('answer is compressed'),
    ],
    ['said to be compressed', { body: json, headers: encoded('br') }, unread('answer is compressed')],
    ['compressed without a word', { body: gzipSync(json) }, unread('answer is not UTF-8')],
    ['GBK', { body: Buffer.from('{"reply":"\xba\xc3"}', 'latin1') }, unread('answer is not UTF-8')],
    ['UTF-16', { body: Buffer.from(`\ufeff${json}`, 'utf16le') }, unread('answer is not UTF-8')],
    ['too long', { body: JSON.stringify({ reply: 'x'.repeat(70_000) }) }, unread('answer is longer than 64 KiB')],
    ['another member', { body: '{"replies":1}' }, unread('answer has no member reply')],
    ['no members', { body: '{}' }, unread('answer has no member reply')],
    ['a list', { body: '[]' }, unread('answer has no member reply')],
    ['a text', { body: '"reply"' }, unread('answer has no member reply')],
    ['null', { body: 'null' }, unread('answer has no member reply')],
    ['another status', { status: 201, body: json }, unread('status is not 200')],
    ['nothing', { body: '' }, { outcome: 'delivered' }],
    ['nothing, said so', { status: 204, body: '' }, { outcome: 'delivered' }],
  ]
  for (const [what, { status = 200, body, headers = {} }, result] of table) {
    const script: Script = (response) => response.writeHead(status, headers).end(body)
    const { server, deliver } = await setUp(t, script, { reply: true })
    t.same(judged(await deliver()), result, what)
    t.equal(server.received[0]?.headers['accept-encoding'], 'identity')
    const silent = await setUp(t, script)
    t.same(judged(await silent.deliver()), { outcome: 'delivered' }, `${what}, of a subscription that does not reply`)
  }
})

void t.test('the first 1 KiB of an answer is kept, in whole characters', async (t) => {
  const table: Array<
    [what: string, body: string | Buffer, kept: string | undefined, headers?: Record<string, string>]
  > = [
    ['short', '{"ok":true}', '{"ok":true}'],
    ['as long as it may be', 'x'.repeat(1_024), 'x'.repeat(1_024)],
    ['longer', 'x'.repeat(70_000), 'x'.repeat(1_024)],
    ['ends within a character of three bytes', '好'.repeat(400), '好'.repeat(341)],
    ['ends within one of four', `x${'😀'.repeat(300)}`, `x${'😀'.repeat(255)}`],
    ['behind a byte order mark', `\ufeff${'好'.repeat(400)}`, '好'.repeat(341)],
    ['not UTF-8', Buffer.from('\xba\xc3', 'latin1'), '\ufffd\ufffd'],
    ['not UTF-8, and long', Buffer.alloc(2_000, 0xff), '\ufffd'.repeat(341)],
    ['compressed', gzipSync('{"ok":true}'), undefined, { 'content-encoding': 'gzip' }],
    ['none', '', undefined],
  ]
  for (const [what, body, kept, headers = {}] of table) {
    for (const status of [200, 500]) {
      const { deliver } = await setUp(t, (response) => response.writeHead(status, headers).end(body))
      const result = await deliver()
      t.match(result, { status }, what)
      t.equal('answer' in result ? result.answer : undefined, kept, `${what}, ${status}`)
    }
  }
})

void t.test('a private address is blocked, an unreachable one told apart from it', async (t) => {
  const { deliver } = await setUp(t, answering(200))
  t.same(await deliver('http://10.0.0.1/'), { outcome: 'blocked', reason: 'private address' })
  t.same(await deliver('http://127.0.0.1:1/'), { outcome: 'unreachable', reason: 'connection refused' })
})

void t.test('a secret that cannot be read is a fault of ours, not of the consumer', async (t) => {
  const sink = createWebhookSink({
    secrets: () => Promise.reject(new Error('store away')),
    fetch: { post: () => Promise.reject(new Error('must not be called')) },
    clock: { nowMs: () => 0 },
  })
  const event = textEvent()
  const request = {
    subscription: subscription('crm', { sink: webhookSink('https://crm.example/') }),
    event,
    body: '{}',
    deliveryId: event.id,
    signal: AbortSignal.timeout(1_000),
  }
  await t.rejects(sink.deliver(request), { message: 'store away' })
})
