// Owns: how often a call is made, what becomes of one that fails on its way, how many are made at once, and when none is.
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { freePort } from '../../../helpers/free-port.ts'
import { pluck } from '../../../helpers/pluck.ts'
import { until } from '../../../helpers/until.ts'
import { type FakePlatform } from '../fake-platform.ts'
import { APPID_A, authorizer, SECRETS } from '../samples.ts'
import { createGateway, keyOf, PREFIX, ROOT_KEY } from '../gateway-fixture.ts'
import { listen } from '../raw-client.ts'
import { type CallGateway, startCallGateway } from './call-gateway.ts'
import { type Answering, bytes, json } from './wechat-double.ts'

const API = `api/${APPID_A}`
const SEND = `${API}/cgi-bin/message/custom/send`
const TIMEOUT_MS = 1_000
const gateway = await startCallGateway(t, {
  config: { apiCalls: { maxBodyBytes: 33_554_432, timeoutMs: TIMEOUT_MS } },
  grants: { other: [{ platforms: undefined, authorizers: undefined, actions: ['api:call'] }] },
  maxConcurrent: 3,
})
const { call, wechat, fake, bearer } = gateway
const headers = bearer()

const NEW = 'canary-new-token'
/** The old token is dead, with this errcode. */
const dead =
  (errcode: number, then: Answering = json({ errcode: 0 })): Answering =>
  (response, request, body) => {
    if (request.url?.includes(NEW)) then(response, request, body)
    else json({ errcode, errmsg: 'invalid credential rid: 1-2-3' })(response, request, body)
  }

function begin(answer: object | Answering, next: string | undefined = NEW): void {
  Object.assign(fake.tokens, { account: SECRETS.accessToken, component: SECRETS.componentToken, next })
  fake.refusedPaths.clear()
  fake.brakes.clear()
  fake.calls.length = 0
  wechat.seen.length = 0
  wechat.answer(answer)
}

/** Status, errcode and attempts. */
const outcome = async (answered: Response) => [
  answered.status,
  answered.headers.get('x-wechat-errcode'),
  answered.headers.get('x-gateway-attempts'),
]
const attemptsOf = async (answered: Response) => (await outcome(answered))[2]

void t.test('a token that WeChat refuses is replaced, and the call made once more with the same bytes', async (t) => {
  for (const errcode of [40001, 40014, 42001]) {
    begin(dead(errcode))
    t.same(await outcome(await call(SEND, { method: 'POST', headers, body: '{"a":"你"}' })), [200, null, '2'])
    t.same(pluck(wechat.seen, 'body').map(String), ['{"a":"你"}', '{"a":"你"}'])
    t.equal(fake.callsOf('authorizerTokens.reportInvalid').length, 1, String(errcode))
  }
  for (const errcode of [40001, 40014, 42001, 42006]) {
    begin(dead(errcode))
    t.same(await outcome(await call('component-api/x')), [200, null, '2'], String(errcode))
  }
})

void t.test('no other answer is a reason to make a call again', async (t) => {
  for (const [path, errcode] of [
    [SEND, 42006],
    [SEND, -1],
    [SEND, 45009],
    [SEND, 40125],
    [SEND, 61007],
    ['component-api/x', 61023],
  ] as const) {
    begin(json({ errcode }))
    t.same(await outcome(await call(path)), [200, String(errcode), '1'])
    t.equal(wechat.seen.length, 1, `${path} ${errcode}`)
    t.notOk(fake.calls.some(({ name }) => name.endsWith('reportInvalid')))
  }
  for (const status of [500, 502, 503, 429]) {
    begin(bytes('busy', { 'content-type': 'text/plain' }, status))
    t.same(await outcome(await call(SEND)), [status, null, '1'])
    t.equal(wechat.seen.length, 1)
  }
})

void t.test('a body over 1 MiB is not kept: its caller gets the refusal, the next one the new token', async (t) => {
  const body = Buffer.alloc(1_048_577)
  begin(dead(40001))
  t.same(await outcome(await call(SEND, { method: 'POST', headers, body })), [200, '40001', '1'])
  t.same(await outcome(await call(SEND, { method: 'POST', headers, body })), [200, null, '1'])
  begin(dead(40001))
  t.equal(await attemptsOf(await call(SEND, { method: 'POST', headers, body: body.subarray(1) })), '2', '1 MiB is')
})

void t.test('a path that refuses the fresh token as well costs no other refresh', async (t) => {
  begin(json({ errcode: 40001 }))
  t.same(await outcome(await call(`${API}/odd`)), [200, '40001', '2'])
  for (const path of ['/odd', '/odd?x=1', '/ODD/']) {
    t.same(await outcome(await call(`${API}${path}`)), [200, '40001', '1'], path)
  }
  t.equal(fake.callsOf('authorizerTokens.reportInvalid').length, 1)
})

void t.test('a path that is never seen with the fresh token buys no token after the other', async (t) => {
  const large = Buffer.alloc(1_048_577)
  begin(json({ errcode: 40001 }))
  const send = (body: Buffer) => call(`${API}/odd`, { method: 'POST', headers, body })
  t.equal(await attemptsOf(await send(large)), '1')
  Object.assign(fake.tokens, { next: 'canary-third-token' })
  t.equal((await outcome(await send(large)))[1], '40001', 'too large to be made again')
  t.equal(fake.callsOf('authorizerTokens.reportInvalid').length, 1)

  begin((response, request) => {
    if (!request.url?.includes(NEW)) json({ errcode: 40001 })(response, request, Buffer.alloc(0))
  })
  t.equal((await call(`${API}/silent`)).status, 504)
  wechat.answer(json({ errcode: 40001 }))
  Object.assign(fake.tokens, { next: 'canary-third-token' })
  t.equal(await attemptsOf(await call(`${API}/silent`)), '1', 'WeChat did not answer the second time')
  t.equal(fake.callsOf('authorizerTokens.reportInvalid').length, 1)
  t.equal(await attemptsOf(await call(`${API}/other`)), '2', 'other paths are free')
})

void t.test('when there is no other token, WeChat has the last word', async (t) => {
  begin(dead(40001), SECRETS.accessToken)
  t.same(await outcome(await call(SEND)), [200, '40001', '1'])
  begin(dead(40001))
  const failing = await callThrough(t, (fake) => fake.fail('authorizerTokens.reportInvalid', new Error('no refresh')))
  t.same(await outcome(await failing()), [200, '40001', '1'])
})

/** What is said of a call that was not answered. */
async function failureOf(t: Test, answered: Promise<Response>, expected: object): Promise<void> {
  const answer = await answered
  t.match(
    { ...((await answer.json()) as object), status: answer.status, header: answer.headers.get('x-gateway-error') },
    expected,
  )
}

void t.test('an unanswered call is not repeated, and its caller learns whether WeChat may have it', async (t) => {
  const lost = { status: 502, header: 'WECHAT_API_ERROR', code: 'WECHAT_API_ERROR', sent: 'unknown' }
  const late = { status: 504, header: 'WECHAT_API_TIMEOUT', code: 'WECHAT_API_TIMEOUT', sent: 'unknown' }
  const begun = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
  const rows: Array<[string, Answering, object]> = [
    ['cut off', (response) => void response.socket?.resetAndDestroy(), lost],
    ['closed', (response) => void response.socket?.end(), lost],
    ['no HTTP', (response) => void response.socket?.end('+PONG\r\n'), lost],
    ['silent', () => undefined, late],
    ['cut off within a small JSON', (response) => void begun(response).write('{"a":', () => response.destroy()), lost],
    ['silent within a small JSON', (response) => void begun(response).write('{"a":'), late],
  ]
  for (const method of ['GET', 'POST']) {
    for (const [name, answering, expected] of rows) {
      begin(answering)
      await failureOf(t, call(SEND, { method, headers }), expected)
      t.equal(wechat.seen.length, 1, `${method} ${name}`)
    }
  }
  const nobody = await callThrough(t, () => undefined, `http://127.0.0.1:${await freePort()}`)
  await failureOf(t, nobody(), { ...lost, sent: 'no' })
})

void t.test('each wait for WeChat is bounded, and the whole of an answer is not', async (t) => {
  begin((response) => {
    response.writeHead(200, { 'content-type': 'image/png' })
    let rest = 8
    const drip = setInterval(() => {
      response.write('x')
      if ((rest -= 1) > 0) return
      clearInterval(drip)
      response.end()
    }, TIMEOUT_MS / 4)
  })
  t.equal(await (await call(SEND)).text(), 'x'.repeat(8), 'twice the time in all')
  begin((response) => void response.writeHead(200, { 'content-type': 'image/png' }).write('x'))
  const silent = await call(SEND)
  await t.rejects(silent.text(), 'silence cuts it off')
})

/** Calls that WeChat holds until they are let go. */
function held(): { count(): number; release(): void } {
  const waiting: (() => void)[] = []
  begin((response) => void waiting.push(() => response.end('{}')))
  return { count: () => waiting.length, release: () => waiting.splice(0).forEach((one) => one()) }
}

async function places(t: Test, { call }: Pick<CallGateway, 'call'>): Promise<void> {
  const hold = held()
  const three = [1, 2, 3].map(() => call(SEND))
  await until('three are under way', () => hold.count() === 3)
  const refused = await call(SEND)
  t.equal(refused.status, 429)
  t.equal(refused.headers.get('x-gateway-error'), 'RATE_LIMITED')
  t.ok(Number(refused.headers.get('retry-after')) >= 1)
  const others = call(SEND, { headers: bearer(keyOf('other')) })
  await until('another caller has places of its own', () => hold.count() === 4)
  hold.release()
  t.same(pluck(await Promise.all([...three, others]), 'status'), [200, 200, 200, 200])
}

function leavingClient(calls = 1) {
  const socket = connect({ port: gateway.port, host: '127.0.0.1' })
  const head = `GET ${PREFIX}/${SEND} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ROOT_KEY}\r\n\r\n`
  socket.write(head.repeat(calls))
  return socket
}

void t.test('a caller has so many places, and they are free again when the answers have ended', async (t) => {
  await places(t, gateway)
  await places(t, gateway)
})

void t.test('a place is free when its caller has gone, and WeChat is not listened to any longer', async (t) => {
  const hold = held()
  let cut = 0
  wechat.onHead((_request, response) => void response.once('close', () => (cut += response.writableFinished ? 0 : 1)))
  const sockets = [1, 2, 3].map(() => leavingClient())
  await until('three are under way', () => hold.count() === 3)
  for (const socket of sockets) socket.destroy()
  await until('they were called off', () => cut === 3)
  await places(t, gateway)
})

void t.test('when a connection survives, its slot is free for the next of several waiting calls', async (t) => {
  const hold = held()
  gateway.lines.length = 0
  const socket = leavingClient(3)
  await until('three are under way', () => hold.count() === 3)
  socket.destroy()
  const audited = () => gateway.lines.filter(({ message }) => message === 'api.called')
  await until('all are over', () => audited().length === 3)
  for (const { fields } of audited()) t.match({ ...fields }, { caller: 'root', status: undefined, code: undefined })
  t.notOk(
    gateway.lines.some(({ level }) => level === 'error' || level === 'warn'),
    'that a client leaves is no fault',
  )
  await places(t, gateway)
})

void t.test('a used-up quota is answered without a call until somebody clears it', async (t) => {
  const body = '{"errcode":45009,"errmsg":"reach max api daily quota limit rid: a1-b2-c3"}'
  const used = bytes(body, { 'content-type': 'application/json' })
  begin(used)
  t.same(await outcome(await call(SEND)), [200, '45009', '1'])
  for (const path of [`${SEND}?other=query`, SEND.replace('send', 'SEND'), SEND.replace('send', '%73end/')]) {
    const answer = await call(path)
    t.same(await outcome(answer), [200, '45009', '0'], path)
    t.equal(answer.headers.get('x-gateway-brake'), '1')
    t.equal(answer.headers.get('x-wechat-rid'), 'a1-b2-c3')
    t.equal(answer.headers.get('content-type'), 'application/json')
    t.equal(await answer.text(), body)
  }
  t.equal(wechat.seen.length, 1)
  wechat.answer({ errcode: 0 })
  const other = await call(`${API}/cgi-bin/message/custom/other`)
  t.equal(other.headers.get('x-gateway-brake'), null, 'other paths are free')
  const clear = (path: string, body: object) =>
    call(`${API}/cgi-bin/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  const isBraked = async () => (await call(SEND)).headers.get('x-gateway-brake') === '1'
  await clear('openapi/quota/clear', { cgi_path: '/cgi-bin/other' })
  t.ok(await isBraked(), 'another path was cleared')
  await clear('openapi/quota/get', { cgi_path: '/cgi-bin/message/custom/send' })
  t.ok(await isBraked(), 'it was only looked at')
  await clear('openapi/quota/clear', { cgi_path: '/cgi-bin/message/custom/send' })
  t.notOk(await isBraked())

  for (const path of ['clear_quota', 'component/clear_quota', 'openapi/quota/clear']) {
    begin(used)
    await call(SEND)
    await clear(path, { appid: APPID_A, cgi_path: '/cgi-bin/message/custom/send' })
    t.ok(await isBraked(), `${path} that WeChat refuses clears nothing, and no brake holds it`)
    wechat.answer({ errcode: 0 })
    await clear(path, { appid: APPID_A, cgi_path: '/cgi-bin/message/custom/send' })
    t.notOk(await isBraked(), path)
  }
})

const BRAKE = `${APPID_A} /cgi-bin/message/custom/send`
/** The next call is the one that is let through. */
function probing() {
  const answer = { status: 200, contentType: 'application/json', body: Buffer.from('{"errcode":45009}') }
  fake.brakes.set(BRAKE, { answer, isProbe: true })
}

void t.test('the one call that is let through to see lifts the brake when it may', async (t) => {
  begin({ errcode: 0 })
  probing()
  t.same(await outcome(await call(SEND)), [200, null, '1'])
  t.notOk(fake.brakes.has(BRAKE))
  begin({ errcode: 45009 })
  probing()
  t.equal(await attemptsOf(await call(SEND)), '1')
  t.ok(fake.brakes.has(BRAKE))
})

void t.test('the one call that was to see, and was not made, leaves that to the next one', async (t) => {
  const large = Buffer.alloc(33_554_433)
  begin({ errcode: 0 })
  probing()
  t.equal((await call(SEND, { method: 'POST', headers, body: large })).status, 413)
  t.equal(fake.callsOf('apiBrakes.giveBack').length, 1)
  const hold = held()
  const three = [1, 2, 3].map(() => call(`${API}/x`))
  await until('three are under way', () => hold.count() === 3)
  probing()
  t.equal((await call(SEND)).status, 429)
  t.equal(fake.callsOf('apiBrakes.giveBack').length, 1)
  hold.release()
  await Promise.all(three)
  probing()
  wechat.answer(() => undefined)
  t.equal((await call(SEND)).status, 504)
  t.equal(fake.callsOf('apiBrakes.giveBack').length, 1, 'WeChat may have seen that one')
})

void t.test('what WeChat said of the quota is kept without the token that it repeats', async (t) => {
  begin((response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(`{"errcode":45009,"errmsg":"${SECRETS.accessToken} is used up"}`)
  })
  await call(SEND)
  for (const key of [ROOT_KEY, keyOf('other')]) {
    const answer = await call(SEND, { headers: bearer(key) })
    t.equal(answer.headers.get('x-gateway-brake'), '1')
    t.notMatch(await answer.text(), SECRETS.accessToken)
  }
})

/** A gateway of its own, over another fake platform. */
async function callThrough(t: Test, change: (fake: FakePlatform) => void, url = wechat.url) {
  const { fake: own, internalServer } = createGateway(t, { wechatUrl: url })
  change(own)
  const port = await listen(internalServer)
  return () => fetch(`http://127.0.0.1:${port}${PREFIX}/${SEND}`, { headers })
}

void t.test('a store that hangs is not waited for twice', async (t) => {
  const call = await callThrough(t, ({ platform }) => (platform.apiBrakes.check = () => new Promise(() => undefined)))
  begin({ errcode: 0 })
  t.equal((await call()).status, 200)
})

void t.test('without the store no brake holds', async (t) => {
  const call = await callThrough(t, (fake) => {
    for (const name of ['apiBrakes.check', 'apiBrakes.open']) fake.fail(name, new Error('the store is away'))
  })
  begin({ errcode: 45009 })
  for (let round = 0; round < 2; round += 1) {
    t.equal(await attemptsOf(await call()), '1')
  }
})

void t.test("the component secret clears quotas where a token cannot; WeChat's answer is passed on", async (t) => {
  begin({ errcode: 48006, errmsg: `forbid to clear quota ${SECRETS.componentSecret} rid: 1-2-3` })
  fake.brakes.set('component /x', {
    answer: { status: 200, contentType: undefined, body: Buffer.from('{}') },
    isProbe: false,
  })
  const clear = (body?: string) =>
    call('component/clear_quota', {
      method: 'POST',
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body }),
    })
  const refused = await clear()
  t.same(await outcome(refused), [200, '48006', '1'])
  t.notMatch(await refused.text(), SECRETS.componentSecret)
  t.equal(wechat.last().path, '/cgi-bin/component/clear_quota/v2')
  t.match(JSON.parse(wechat.last().body.toString()), { component_appid: String, appsecret: SECRETS.componentSecret })
  t.ok(fake.brakes.size === 1)
  wechat.answer({ errcode: 0, errmsg: 'ok' })
  t.same(await (await clear(JSON.stringify({ appid: APPID_A }))).json(), { errcode: 0, errmsg: 'ok' })
  t.match(JSON.parse(wechat.last().body.toString()), { appid: APPID_A })
  t.ok(fake.brakes.size === 1)
  await clear('{}')
  t.equal(fake.brakes.size, 0)
  t.equal((await clear('{"appid":"x"}')).status, 400)
  t.equal((await call('component/clear_quota', { method: 'POST', headers: bearer(keyOf('other')) })).status, 403)
  t.notMatch(JSON.stringify(gateway.lines), /canary/)
})

void t.test('a permission that is missing is named where it is known', async (t) => {
  for (const errcode of [48001, 61007]) {
    begin({ errcode })
    fake.authorizers.set(APPID_A, authorizer(APPID_A, { funcInfo: [{ funcscope_category: { id: 99 } }] }))
    t.match((await call(SEND)).headers.get('x-gateway-missing-scope'), /^\d+(,\d+)*$/)
    t.equal((await call(`${API}/unknown`)).headers.get('x-gateway-missing-scope'), null)
  }
})

void t.test('an audit line says who called what for whom, and how it ended', async (t) => {
  begin({ errcode: 45015, errmsg: 'x rid: aa-bb-cc' })
  gateway.lines.length = 0
  await (await call(`${SEND}?secret=canary`, { method: 'POST', headers, body: 'canary' })).text()
  const line = await until('the line is there', () => gateway.lines.find(({ message }) => message === 'api.called'))
  const about = { caller: 'root', appid: APPID_A, path: '/cgi-bin/message/custom/send' }
  t.match(line.fields, { ...about, status: 200, errcode: 45015, rid: 'aa-bb-cc', ms: Number })
  t.equal(line.fields['code'], undefined)
  wechat.answer({ errcode: 1, errmsg: `rid: ${SECRETS.accessToken}` })
  t.equal((await call(SEND)).headers.get('x-wechat-rid'), null, 'a token is no id')
  t.notMatch(JSON.stringify(gateway.lines), 'canary')
})
