// Owns: handing out tokens, tickets and signatures on the internal listener.
import { GatewayError, type Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { APPID_A, SECRETS } from './samples.ts'
import { createGateway, PREFIX, refusalOf } from './gateway-fixture.ts'

const EXPIRY = { expires_in: 7000, expiresAt: '2026-01-01T01:56:40.000Z' }
const ACCESS = `${PREFIX}/access_token/${APPID_A}`

void t.test('an access token comes with what remains of its life', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.request(ACCESS)
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { token: SECRETS.accessToken, ...EXPIRY })
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers['x-content-type-options'], 'nosniff')
  t.equal(answer.headers['etag'], undefined)
  t.same(gateway.fake.callsOf('authorizerTokens.get'), [[APPID_A, { force: false }]])
})

void t.test('the Accept, Range and encoding wishes of a client change nothing', async (t) => {
  const gateway = createGateway(t)
  const wishes = {
    accept: 'text/html',
    'accept-encoding': 'gzip, br',
    range: 'bytes=0-3',
    'if-none-match': '*',
    origin: 'https://evil.example',
  }
  const answer = await gateway.request(ACCESS, { headers: { ...wishes } })
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), { token: SECRETS.accessToken, ...EXPIRY })
  t.match(answer.headers['content-type'], /^application\/json/)
  t.equal(answer.headers['content-encoding'], undefined)
  t.notOk(Object.keys(answer.headers).some((name) => name.startsWith('access-control-')))
})

void t.test('force is exactly true or false', async (t) => {
  const gateway = createGateway(t)
  const get = async (query: string) => (await gateway.request(`${ACCESS}?${query}`)).statusCode
  for (const query of words`
    force=TRUE force=1 force=yes force= force force=true&force=true force[]=true x=1 key=abc
  `) {
    t.equal(await get(query), 400, query)
  }
  t.equal(gateway.fake.calls.length, 0)
  t.equal(await get('force=true'), 200)
  t.equal(await get('force=false'), 200)
  const found = gateway.fake.callsOf('authorizerTokens.get').map(([, options]) => options)
  t.same(found, [{ force: true }, { force: false }])
})

void t.test('a refused token is handed on as a secret', async (t) => {
  const gateway = createGateway(t)
  const post = (payload: string | object) =>
    gateway.request(`${ACCESS}/invalid`, { method: 'POST', headers: { 'content-type': 'application/json' }, payload })
  t.same((await post({ token: 'refused-canary' })).json(), { token: SECRETS.accessToken, ...EXPIRY })
  const [[appid, refused]] = gateway.fake.callsOf('authorizerTokens.reportInvalid') as [[string, Secret]]
  t.equal(appid, APPID_A)
  t.equal(refused.reveal(), 'refused-canary')
  for (const payload of [
    '',
    '{}',
    '[]',
    '{"token":1}',
    '{"token":""}',
    `{"token":"${'a'.repeat(1025)}"}`,
    '{"token":"a","x":1}',
    '{"token":',
  ]) {
    t.equal((await post(payload)).statusCode, 400, payload.slice(0, 20))
  }
  t.notMatch(JSON.stringify(gateway.lines), 'refused-canary')
})

void t.test("the component's token, tickets and JS-SDK signatures are answered", async (t) => {
  const gateway = createGateway(t)
  const get = async (path: string) => {
    const answer = await gateway.request(`${PREFIX}/${path}`)
    return { statusCode: answer.statusCode, body: answer.json() }
  }
  t.same(await get('component_access_token'), { statusCode: 200, body: { token: SECRETS.componentToken, ...EXPIRY } })
  t.same(await get(`ticket/${APPID_A}?type=jsapi`), { statusCode: 200, body: { ticket: SECRETS.ticket, ...EXPIRY } })
  t.same(await get(`ticket/${APPID_A}?type=wx_card`), { statusCode: 200, body: { ticket: SECRETS.ticket, ...EXPIRY } })
  const page = 'https://shop.example/a?b=1#c'
  t.same(await get(`jssdk_config/${APPID_A}?url=${encodeURIComponent(page)}`), {
    statusCode: 200,
    body: { appId: APPID_A, timestamp: 1_767_225_600, nonceStr: 'nonce', signature: 'signature' },
  })
  t.same(gateway.fake.callsOf('jsSdkConfig'), [[APPID_A, page]])
  for (const path of [
    `ticket/${APPID_A}`,
    `ticket/${APPID_A}?type=x`,
    `jssdk_config/${APPID_A}`,
    `jssdk_config/${APPID_A}?url=x`,
  ]) {
    t.equal((await get(path)).statusCode, 400, path)
  }
})

void t.test('a failure has its status and its line in the log, and shows no secret', async (t) => {
  const rows: Array<[Error, number, string]> = [
    [new GatewayError('AUTHORIZER_REVOKED', 'revoked'), 410, 'AUTHORIZER_REVOKED'],
    [new GatewayError('STORE_UNAVAILABLE', 'away', { cause: new Error('canary') }), 503, 'STORE_UNAVAILABLE'],
    [new TypeError('canary'), 500, 'INTERNAL'],
  ]
  for (const [error, status, code] of rows) {
    const gateway = createGateway(t)
    gateway.fake.fail('authorizerTokens.get', error)
    const answer = await gateway.request(ACCESS)
    t.equal(refusalOf(answer), `${status} ${code}`, code)
    t.notMatch(answer.body, 'canary')
    const line = gateway.lines.find(({ message }) => message === 'call.answered')
    t.match(line?.fields, { outcome: code, statusCode: status, appid: APPID_A })
  }
})

void t.test('one line per call says who asked what about whom, and no token', async (t) => {
  const gateway = createGateway(t)
  await gateway.request(`${ACCESS}?force=true`)
  const lines = gateway.lines.filter(({ message }) => message === 'call.answered')
  t.equal(lines.length, 1)
  t.match(lines[0], {
    level: 'info',
    fields: {
      caller: 'root',
      method: 'GET',
      route: '/apis/v1/wx/:platform/access_token/:APPID',
      platform: 'open1',
      appid: APPID_A,
      action: 'tokens:read',
      force: true,
      outcome: 'OK',
      statusCode: 200,
      requestId: String,
    },
  })
  t.notMatch(JSON.stringify(gateway.lines), /canary|rrrr/)
})

void t.test('paths that hold no appid are refused', async (t) => {
  const gateway = createGateway(t)
  for (const appid of [
    '..%2f..%2fetc',
    'wxa00000000000000%00',
    '__proto__',
    '*',
    '{tag}',
    'wxc000000000000001',
    'a'.repeat(200),
    'a'.repeat(300),
  ]) {
    const answer = await gateway.request(`${PREFIX}/access_token/${appid}`)
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', appid.slice(0, 20))
  }
  t.equal(gateway.fake.calls.length, 0)
})

void t.test('tokens are not on the public listener', async (t) => {
  const gateway = createGateway(t)
  for (const path of [
    `access_token/${APPID_A}`,
    'component_access_token',
    'authorizers',
    'subscriptions',
    'events',
    `ticket/${APPID_A}`,
  ]) {
    const answer = await gateway.publicServer.inject({ url: `${PREFIX}/${path}`, headers: gateway.bearer() })
    t.equal(refusalOf(answer), '404 ROUTE_NOT_FOUND', path)
  }
  for (const path of ['/readyz', '/metrics', '/docs', '/openapi.json']) {
    t.equal((await gateway.publicServer.inject(path)).statusCode, 404, path)
  }
})
