import {
  encryptMessage,
  type EncryptedPush,
  encryptPush,
  signParts,
  startSimulator,
  type SimulatorOptions,
  textOf,
} from '@wxgw/simulator'
import { got } from 'got'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { freePort } from '../../helpers/free-port.ts'
import { pluck } from '../../helpers/pluck.ts'
import { type ReceivedPush, startStubGateway } from './stub-gateway.ts'

const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
type Tap = { teardown(fn: () => Promise<void>): void }

async function world(t: Tap, options: SimulatorOptions = {}) {
  const gateway = await startStubGateway(KEY)
  const { eventUrl, callbackUrl } = gateway
  const component = { encodingAesKey: KEY }
  const simulator = await startSimulator({ eventUrl, callbackUrl, attemptSpacingMs: 0, component, ...options })
  const account = simulator.addAccount({ appId: 'wx1234567890abcdef', userName: 'gh_1234567890ab' })
  t.teardown(async () => {
    await simulator.close()
    await gateway.close()
  })
  return { gateway, simulator, account, appId: account.appId }
}

const infoTypes = ({ received }: Awaited<ReturnType<typeof startStubGateway>>) =>
  received.map(({ fields }) => fields['InfoType'])

/** A passive reply as a gateway seals it, with parts to be spoilt. */
function sealReply(
  push: ReceivedPush,
  spoil: { receiveId?: string; nonce?: string; signature?: string; to?: string; key?: string } = {},
) {
  const to = spoil.to ?? textOf(push.fields, 'FromUserName')
  const xml = `<xml><ToUserName><![CDATA[${to}]]></ToUserName><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[收到]]></Content></xml>`
  const nonce = spoil.nonce ?? push.query.get('nonce') ?? ''
  const receiveId = spoil.receiveId ?? push.receiveId
  const encrypt = encryptMessage({ encodingAesKey: spoil.key ?? KEY, plaintext: xml, receiveId })
  const signature = spoil.signature ?? signParts('simulatorToken', '1760000000', nonce, encrypt)
  return (
    `<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt><MsgSignature><![CDATA[${signature}]]></MsgSignature>` +
    `<TimeStamp>1760000000</TimeStamp><Nonce><![CDATA[${nonce}]]></Nonce></xml>`
  )
}

void t.test('a ticket goes to the event URL, signed, with the component appid outside and inside', async (t) => {
  const { gateway, simulator } = await world(t)
  const { ok, attempts, ticket } = await simulator.pushTicket()
  t.ok(ok)
  t.match(attempts, [{ status: 200, body: 'success', failure: null }])
  const [push] = gateway.received
  t.match(push, { path: '/event', contentType: 'text/xml', receiveId: simulator.component.appId })
  t.match(push?.body, new RegExp(`<AppId><!\\[CDATA\\[${simulator.component.appId}\\]\\]></AppId>`))
  t.notMatch(push?.body, /ToUserName/)
  t.match(push?.fields, { InfoType: 'component_verify_ticket', ComponentVerifyTicket: ticket, CreateTime: /^\d{10}$/ })
  t.match(push?.plaintext, /<\/AppId>\n<CreateTime>\d+<\/CreateTime>\n<InfoType>/)
  t.same([...(push?.query.keys() ?? [])], ['signature', 'timestamp', 'nonce', 'encrypt_type', 'msg_signature'])
})

void t.test("a message goes to its account's callback, gh_ id outside, component appid inside", async (t) => {
  const { gateway, simulator, appId } = await world(t)
  const content = ' 007 <b> ]]> 你好'
  const { ok } = await simulator.sendText(appId, { openId: 'oUser', content, msgId: '6074746557628292943' })
  t.ok(ok)
  const [push] = gateway.received
  t.match(push, { path: `/${appId}/callback`, receiveId: simulator.component.appId })
  t.match(push?.body, /<ToUserName><!\[CDATA\[gh_1234567890ab\]\]><\/ToUserName>/)
  t.notMatch(push?.body, /<AppId>/)
  t.equal(push?.query.get('openid'), 'oUser')
  t.match(push?.plaintext, '<MsgId>6074746557628292943</MsgId>')
  t.match(push?.fields, { FromUserName: 'oUser', MsgType: 'text', Content: content })
})

void t.test('a component event is taken by the exact bytes of success alone', async (t) => {
  const { gateway, simulator } = await world(t)
  for (const body of ['success\n', '"success"', '', 'SUCCESS', '<xml>success</xml>']) {
    gateway.answerWith(() => ({ body }))
    const { ok, attempts } = await simulator.pushTicket()
    t.notOk(ok, JSON.stringify(body))
    t.same(pluck(attempts, 'failure'), Array(4).fill('not-success'))
  }
  gateway.answerWith(() => ({ status: 500, body: 'success' }))
  t.match(await simulator.pushTicket(), { ok: false, attempts: [{ status: 500, failure: 'status' }] })
  gateway.answerWith(() => ({ body: 'success' }))
  t.match(await simulator.pushTicket(), { ok: true })
})

void t.test('a message is taken by success and by an empty answer', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  for (const body of ['success', '']) {
    gateway.answerWith(() => ({ body }))
    t.match(await simulator.sendText(appId, { content: 'hi' }), { ok: true, reply: undefined })
  }
  gateway.answerWith(() => ({ body: '{"ok":true}' }))
  t.match(await simulator.sendText(appId, { content: 'hi' }), { ok: false, attempts: [{ failure: 'reply-invalid' }] })
})

void t.test('a failed push is tried again with the same plaintext in a new envelope', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  gateway.answerWith((_push, index) => (index < 2 ? { status: 503, body: '' } : { body: 'success' }))
  const { ok, attempts } = await simulator.sendText(appId, { content: 'hi' })
  t.ok(ok)
  t.equal(attempts.length, 3)
  t.equal(new Set(gateway.received.map(({ plaintext }) => plaintext)).size, 1)
  t.equal(new Set(gateway.received.map(({ body }) => body)).size, 3)
})

void t.test('a retry can be the very same bytes', async (t) => {
  const { gateway, simulator, appId } = await world(t, { retryEnvelope: 'same', attempts: 3 })
  gateway.answerWith(() => ({ status: 503, body: '' }))
  t.match(await simulator.sendText(appId, { content: 'hi' }), { ok: false })
  t.equal(gateway.received.length, 3)
  t.equal(new Set(gateway.received.map(({ body, query }) => `${body} ${query}`)).size, 1)
})

void t.test('a push that is not answered is cut at the deadline and tried again', async (t) => {
  const { gateway, simulator, appId } = await world(t, { answerDeadlineMs: 1_000, attemptSpacingMs: 60_000 })
  gateway.answerWith((_push, index) => (index === 0 ? undefined : { body: 'success' }))
  const { ok, attempts } = await simulator.sendText(appId, { content: 'hi' })
  t.ok(ok, 'at once: the spacing is for answers that came')
  t.match(attempts, [{ failure: 'timeout', status: null }, { failure: null }])
})

void t.test('a gateway that does not listen is unreachable', async (t) => {
  const { simulator } = await world(t, { eventUrl: `http://127.0.0.1:${await freePort()}/event`, attempts: 2 })
  t.match(await simulator.pushTicket(), {
    ok: false,
    attempts: [{ failure: 'unreachable', detail: 'ECONNREFUSED' }, {}],
  })
})

void t.test('without a URL nothing is pushed', async (t) => {
  const simulator = await startSimulator()
  t.teardown(() => simulator.close())
  t.match(await simulator.pushTicket(), { ok: false, skipped: 'no-url', attempts: [] })
})

void t.test('an encrypted passive reply is verified and opened', async (t) => {
  const { gateway, simulator, appId } = await world(t, { attempts: 1 })
  gateway.answerWith((push) => ({ body: sealReply(push) }))
  const { ok, reply } = await simulator.sendText(appId, { openId: 'oUser', content: 'hi' })
  t.ok(ok)
  t.match(reply, { fields: { ToUserName: 'oUser', MsgType: 'text', Content: '收到' } })
  gateway.answerWith((push) => ({ body: sealReply(push, { nonce: '1' }) }))
  const ownNonce = await simulator.sendText(appId, { openId: 'oUser', content: 'hi' })
  t.match(ownNonce, { reply: { nonce: '1' } }, 'with a nonce of its own')
  t.match(await simulator.pushTicket(), { ok: false }, 'component events take no reply')
})

void t.test('a passive reply with anything wrong in it is bad', async (t) => {
  const { gateway, simulator, appId } = await world(t, { attempts: 1 })
  const spoilt = {
    appid: { receiveId: 'wx0000000000000000' },
    MsgSignature: { signature: 'a'.repeat(40) },
    'user who wrote': { to: 'oSomebodyElse' },
    'key of the push': { key: '0123456789012345678901234567890123456789012' },
  }
  for (const [problem, spoil] of Object.entries(spoilt)) {
    gateway.answerWith((push) => ({ body: sealReply(push, spoil) }))
    const { ok, attempts } = await simulator.sendText(appId, { openId: 'oUser', content: 'hi' })
    t.notOk(ok, problem)
    t.match(attempts, [{ failure: 'reply-invalid', detail: new RegExp(problem, 'i') }])
  }
})

void t.test('an authorization pushes what changed, and nothing when nothing did', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  const first = await simulator.authorize(appId, { createTimeSeconds: 1_760_000_000 })
  t.match(first, {
    change: 'authorized',
    authorizationCode: /^queryauthcode@@@/,
    preAuthCode: /^preauthcode@@@/,
    push: { ok: true },
  })
  t.match(gateway.received[0]?.fields, {
    InfoType: 'authorized',
    AuthorizerAppid: appId,
    AuthorizationCode: first.authorizationCode,
    AuthorizationCodeExpiredTime: '1760003600',
    PreAuthCode: first.preAuthCode,
  })
  t.match(await simulator.authorize(appId), { change: 'unchanged', push: undefined })
  const change = 'updateauthorized'
  t.match(await simulator.updateAuthorization(appId, { funcInfo: [1, 2] }), { change, push: { ok: true } })
  t.match(await simulator.authorize(appId, { push: false, funcInfo: [1] }), { change, push: undefined })
  t.match(await simulator.authorize(appId, { push: 'authorized' }), { push: { label: 'authorized' } })
  await simulator.unauthorize(appId)
  const last = gateway.received.at(-1)
  t.match(last?.fields, { InfoType: 'unauthorized', AuthorizerAppid: appId })
  t.match(last?.plaintext, /<\/InfoType><AuthorizerAppid>/, 'no line feed there, as in the real push')
  t.same(infoTypes(gateway), ['authorized', 'updateauthorized', 'authorized', 'unauthorized'])
  await simulator.unauthorize(appId, { takesEffect: false })
  t.equal(gateway.received.length, 5, 'a late duplicate')
})

void t.test('what nobody foresaw is pushed as well', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  await simulator.push('component', { xml: '<xml><AppId>x</AppId><InfoType><![CDATA[notify_new]]></InfoType></xml>' })
  await simulator.sendMessageXml(appId, '<xml><FromUserName>oRaw</FromUserName><MsgType>odd</MsgType></xml>')
  await simulator.sendEvent(appId, { event: 'SCAN', eventKey: '0042', fields: { Ticket: 't' } })
  await simulator.sendSample(appId, 'pic_weixin_two_lists')
  t.match(gateway.received[0]?.fields, { InfoType: 'notify_new' })
  t.equal(gateway.received[1]?.query.get('openid'), 'oRaw')
  t.match(gateway.received[2]?.fields, { MsgType: 'event', Event: 'SCAN', EventKey: '0042', Ticket: 't' })
  t.match(gateway.received[3]?.fields, { SendPicsInfo: { PicList: [{}, {}], Count: '2' } })
  t.throws(() => simulator.sendSample(appId, 'none'), RangeError)
  t.same(pluck(simulator.pushes, 'label'), ['notify_new', 'odd', 'SCAN', 'pic_weixin'])
})

void t.test('keys rotate: pushes follow the settings, or what a push says', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  simulator.configure({ component: { token: 'nextToken' } })
  t.equal(simulator.component.encodingAesKey, KEY, 'the rest stays')
  await simulator.sendText(appId, { content: 'new' })
  const encryptWith = { token: 'simulatorToken' }
  await simulator.push('authorizer', { appId, xml: '<xml><Old>1</Old></xml>', encryptWith })
  const signedWith = (index: number, token: string) => {
    const query = gateway.received[index]?.query
    const [timestamp, nonce] = [query?.get('timestamp') ?? '', query?.get('nonce') ?? '']
    return query?.get('signature') === signParts(token, timestamp, nonce)
  }
  t.ok(signedWith(0, 'nextToken'))
  t.ok(signedWith(1, 'simulatorToken'))
})

void t.test('a push can be built, altered and sent by hand', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  const build = (query: Record<string, string | undefined>): EncryptedPush =>
    encryptPush({
      kind: 'authorizer',
      url: `${gateway.url}/${appId}/callback?via=proxy`,
      xml: '<xml><A>1</A></xml>',
      credentials: simulator.component,
      receiveId: simulator.component.appId,
      addressee: 'gh_1234567890ab',
      timestamp: '1760000000',
      nonce: '1',
      query,
    })
  const { url, body, headers, encrypt, query } = build({ signature: undefined, extra: 'x' })
  t.equal(query['msg_signature'], signParts('simulatorToken', '1760000000', '1', encrypt))
  await got.post(url, { body, headers })
  t.same(Object.fromEntries(gateway.received[0]?.query ?? []), {
    via: 'proxy',
    timestamp: '1760000000',
    nonce: '1',
    encrypt_type: 'aes',
    msg_signature: query['msg_signature'],
    extra: 'x',
  })
})

void t.test('a circuit breaker leaves a failing URL alone for a while', async (t) => {
  const { gateway, simulator, appId } = await world(t, { attempts: 1, circuitBreaker: { failures: 2, openMs: 60_000 } })
  gateway.answerWith(() => ({ status: 500, body: '' }))
  await simulator.sendText(appId, { content: '1' })
  await simulator.sendText(appId, { content: '2' })
  t.match(await simulator.sendText(appId, { content: '3' }), { skipped: 'circuit-open', attempts: [] })
  gateway.answerWith(() => ({ body: 'success' }))
  t.match(await simulator.pushTicket(), { ok: true }, 'the other URL is not concerned')
  simulator.advance(60)
  t.match(await simulator.sendText(appId, { content: '4' }), { ok: true })
})

void t.test('the ticket clock pushes by itself and tries again soon after a failure', async (t) => {
  const { gateway, simulator } = await world(t, { attempts: 1, ticketRetrySeconds: 0.02 })
  gateway.answerWith((_push, index) => (index === 0 ? { status: 503, body: '' } : { body: 'success' }))
  simulator.configure({ ticketIntervalSeconds: 600 })
  await until('the second ticket arrives', () => gateway.received.length === 2)
  const [first, second] = gateway.received.map(({ fields }) => fields['ComponentVerifyTicket'])
  t.not(first, second)
  simulator.stopTickets()
  simulator.startTickets()
  await until('a start pushes at once', () => gateway.received.length === 3)
})

void t.test('closing cuts a push that is under way', async (t) => {
  const { gateway, simulator, appId } = await world(t)
  gateway.answerWith(() => undefined)
  const pushed = simulator.sendText(appId, { content: 'hi' })
  await until('the push arrived', () => gateway.received.length === 1)
  await simulator.close()
  t.match(await pushed, { ok: false, attempts: [{ failure: 'unreachable' }] })
  await simulator.close()
})
