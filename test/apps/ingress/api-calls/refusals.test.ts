// Owns: which calls the gateway refuses itself, in which order, and how its refusals are told from WeChat's.
import { catalogue } from '@wxgw/catalogue'
import t from 'tap'
import { words } from '../../../helpers/words.ts'
import { APPID_A, APPID_B } from '../samples.ts'
import { keyOf, PREFIX, ROOT_KEY } from '../gateway-fixture.ts'
import { exchange } from '../raw-client.ts'
import { startCallGateway } from './call-gateway.ts'

const any = undefined
const { call, wechat, port, fake, bearer, lines } = await startCallGateway(t, {
  platformIds: ['open1', 'open2'],
  config: { apiCalls: { maxBodyBytes: 1000, timeoutMs: 30_000 } },
  grants: {
    sender: [
      { platforms: ['open1'], authorizers: [APPID_A], actions: ['api:call'], apis: ['/cgi-bin/message/*', '*/exact'] },
    ],
    caller: [{ platforms: any, authorizers: any, actions: ['api:call'] }],
    reader: [{ platforms: any, authorizers: any, actions: ['tokens:read'] }],
    both: [{ platforms: any, authorizers: [APPID_A], actions: ['api:call', 'tokens:read'] }],
    component: [{ platforms: any, authorizers: any, actions: ['component_api:call'], apis: ['/wxa/*'] }],
    mixed: [
      { platforms: any, authorizers: any, actions: ['component_api:call'], apis: ['/wxa/*'] },
      { platforms: any, authorizers: [APPID_A], actions: any },
    ],
  },
})
const API = `api/${APPID_A}`
const SEND = `${API}/cgi-bin/message/custom/send`

type Row = [name: string, path: string, status: number, code: string]

/** By raw bytes: clients tidy a path up. */
async function refused(
  path: string,
  { key = ROOT_KEY, method = 'GET', rest = '' }: { key?: string; method?: string; rest?: string } = {},
) {
  const authorization = key === '' ? '' : `Authorization: Bearer ${key}\r\n`
  const answer = await exchange(
    port,
    `${method} ${PREFIX}/${path} HTTP/1.1\r\nHost: a\r\n${authorization}Connection: close\r\n${rest}\r\n`,
  )
  const { code, statusCode } =
    answer.body === '' ? {} : (JSON.parse(answer.body) as { code?: string; statusCode?: number })
  return { status: answer.status, code, statusCode, error: /^x-gateway-error: (\w+)/im.exec(answer.headers)?.[1] }
}

async function expectRefusals(rows: readonly Row[], options: Parameters<typeof refused>[1] = {}): Promise<void> {
  for (const [name, path, status, code] of rows) {
    t.same(await refused(path, options), { status, code, statusCode: status, error: code }, `${name}: ${path}`)
  }
  t.equal(wechat.seen.length, 0, 'WeChat is not asked')
  const looked = [...fake.callsOf('authorizerTokens.get'), ...fake.callsOf('componentTokens.get')]
  t.same(looked, [], 'nor is the account looked up')
}

void t.test('paths that a server further on could read as another one are refused', async () => {
  const paths = [
    ['/../x', '/./x', '/..', '/.', '/x/../y', '/x/./y', '/x/..', '/%2e%2e/x', '/%2E%2e', '/.%2e/x', '/%2e/x', '/x/%2e'],
    ['//x', '/x//y', '/x//', '//', '/%2f/x', '/x%2fy', '/x%2Fy', '/%2f%2f'],
    ['/..;/x', '/x/..;a=b/y', '/.;/x', '/x/..%3b/y', '/%2e%2e;', '/x/..%253B/y'],
    ['/x\\y', '/x%5cy', '/x%5C', '/\\..\\x', '/x%00', '/%00', '/x#y', '/x?a#y', '/#'],
    ['/%252e%252e/x', '/x%252fy', '/x%255cy', '/x%2500', '/%25252e/x', '/%zz', '/%', '/%c0%ae/x'],
  ].flat()
  for (const route of [API, 'component-api']) {
    await expectRefusals(paths.map((path): Row => ['unsafe', `${route}${path}`, 400, 'INVALID_REQUEST']))
  }
  await expectRefusals([
    ['no appid', 'api/wx1/x', 400, 'INVALID_REQUEST'],
    ['dots for an appid', 'api/../access_token/x', 400, 'INVALID_REQUEST'],
    ['an encoded slash before it', `api%2f${APPID_A}/x`, 404, 'ROUTE_NOT_FOUND'],
    ["the component's appid", `api/${String(fake.platform.componentAppId)}/x`, 400, 'INVALID_REQUEST'],
  ])
})

void t.test('paths that only look odd pass as they are', async (t) => {
  for (const path of words`
    /x/... /.x /x. /..x /x..y/z /a%2Eb /%E4%BD%A0 /a;b=c /~a /a%20b /%41 /a%25b /a%3Fb /a%23b
  `) {
    const answer = await exchange(
      port,
      `GET ${PREFIX}/${API}${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ROOT_KEY}\r\nConnection: close\r\n\r\n`,
    )
    t.equal(answer.status, 200, path)
    t.equal(wechat.last().path, path)
  }
  wechat.seen.length = 0
  fake.calls.length = 0
})

void t.test('an absolute target is judged by its path, and its host is never called', async (t) => {
  for (const origin of ['http://evil.example', 'HTTPS://user:pass@evil.example:1']) {
    const answerTo = async (path: string) => {
      const target = `${origin}${PREFIX}/${API}${path}`
      const head = `GET ${target} HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer ${ROOT_KEY}\r\nConnection: close\r\n\r\n`
      return (await exchange(port, head)).status
    }
    t.equal(await answerTo('/cgi-bin/token'), 403)
    t.equal(await answerTo('/x/%2e%2e/y'), 400)
    t.equal(wechat.seen.length, 0)
    t.equal(await answerTo('/x?a=b'), 200)
    t.match(wechat.last(), { path: '/x', query: 'a=b', headers: { host: new URL(wechat.url).host } })
    wechat.seen.length = 0
    fake.calls.length = 0
  }
})

void t.test('what deals with credentials is never called, however it is spelt', async () => {
  const apis = words`
    token stable_token api_component_token api_query_auth api_authorizer_token api_create_preauthcode
    api_get_authorizer_list api_get_authorizer_info api_start_push_ticket clear_quota/v2 account/fastregister
  `
  const spellings = (api: string) => [
    api,
    `${api}/`,
    api.toUpperCase(),
    `%${api.charCodeAt(0).toString(16)}${api.slice(1)}`,
    `%25${api.charCodeAt(0).toString(16)}${api.slice(1)}`,
    api
      .split('')
      .map((letter) => (letter === '/' ? '/' : `%${letter.charCodeAt(0).toString(16).toUpperCase()}`))
      .join(''),
    `${api}?access_token=x&grant_type=client_credential`,
  ]
  const cutOff = (api: string) => [
    `%20${api}`,
    ...[';a=b', '%3B', '/;a', '%3Fa', '%23a/b', '%20', '%09', '.', '%252e'].map((end) => api + end),
  ]
  await expectRefusals(
    apis.flatMap(cutOff).map((api): Row => ['cut off', `${API}/cgi-bin/${api}`, 403, 'API_NOT_ALLOWED']),
  )
  const cloud = [...spellings('tcb/getqcloudtoken'), ...cutOff('tcb/getqcloudtoken')]
  const post = { method: 'POST', rest: 'Content-Length: 0\r\n' } as const
  await expectRefusals(
    cloud.map((api): Row => ['cloud', `${API}/${api}`, 403, 'API_NOT_ALLOWED']),
    post,
  )
  for (const route of [API, 'component-api']) {
    for (const base of ['/cgi-bin/', '/cgi-bin/component/', '/CGI-BIN/', '/%63gi-bin;a=b/Component/']) {
      const rows = apis
        .flatMap(spellings)
        .map((api): Row => ['credentials', `${route}${base}${api}`, 403, 'API_NOT_ALLOWED'])
      await expectRefusals(rows)
      await expectRefusals(rows.slice(0, 3), { method: 'POST', rest: 'Content-Length: 0\r\n' })
    }
  }
})

void t.test('a path that wants another token is refused with what to do instead', async (t) => {
  await expectRefusals([
    ['of the component', `${API}/wxa/gettemplatelist`, 400, 'WRONG_TOKEN_KIND'],
    ['of the component, spelt otherwise', `${API}/WXA/gettemplate%6cist/`, 400, 'WRONG_TOKEN_KIND'],
    ['of the component', `${API}/sns/component/jscode2session?js_code=x`, 400, 'WRONG_TOKEN_KIND'],
    ['of an account', 'component-api/cgi-bin/message/custom/send', 400, 'WRONG_TOKEN_KIND'],
    ['of a user', `${API}/sns/userinfo`, 400, 'WRONG_TOKEN_KIND'],
    ['of a user', 'component-api/sns/auth', 400, 'WRONG_TOKEN_KIND'],
  ])
  const message = async (path: string) => ((await (await call(path)).json()) as { message: string }).message
  t.match(await message(`${API}/wxa/gettemplatelist`), 'component-api/wxa/gettemplatelist')
  t.match(await message('component-api/cgi-bin/message/custom/send'), 'api/:APPID/cgi-bin/message/custom/send')
  t.match(await message(`${API}/sns/userinfo`), 'call WeChat directly')
})

void t.test('a path of which the catalogue is not sure what token it wants passes with either', async (t) => {
  const unsure = catalogue.apis.filter(({ uncertain }) => uncertain?.includes('token') === true)
  t.ok(unsure.length > 0)
  for (const { path } of unsure) {
    t.equal((await call(`${API}${path}`)).status, 200, path)
    t.equal((await call(`component-api${path}`)).status, 200, path)
  }
  wechat.seen.length = 0
  fake.calls.length = 0
})

void t.test('a grant covers its platforms, accounts and paths; token paths need tokens:read', async () => {
  const allowed: Array<[string, string]> = [
    ['sender', SEND],
    ['sender', `${API}/cgi-bin/message/a/b/c`],
    ['sender', `${API}/x/y/exact?a=b`],
    ['caller', `${API}/anything`],
    ['both', `${API}/cgi-bin/ticket/getticket?type=jsapi`],
    ['both', `${API}/cgi-bin/openapi/rid/get`],
    ['component', 'component-api/wxa/gettemplatelist'],
    ['mixed', 'component-api/wxa/x'],
    ['mixed', `${API}/x`],
  ]
  for (const [name, path] of allowed) {
    t.equal((await call(path, { headers: bearer(keyOf(name)) })).status, 200, `${name} ${path}`)
  }
  wechat.seen.length = 0
  fake.calls.length = 0
  const forbidden: Array<[string, string]> = [
    ['sender', `${API}/cgi-bin/Message/custom/send`],
    ['sender', `${API}/cgi-bin/%6dessage/custom/send`],
    ['sender', `${API}/cgi-bin/message`],
    ['sender', `${API}/x/cgi-bin/message/custom/send`],
    ['sender', `${API}/exactly`],
    ['sender', SEND.replace(APPID_A, APPID_B)],
    ['sender', SEND.replace(APPID_A, 'wxz000000000000009')],
    ['caller', `${API}/cgi-bin/ticket/getticket`],
    ['caller', `${API}/CGI-bin/ticket/getticket/`],
    ['caller', `${API}/cgi-bin/ticket/getticket;a=b`],
    ['caller', `${API}/cgi-bin/openapi/rid/get`],
    ['caller', 'component-api/wxa/gettemplatelist'],
    ['reader', `${API}/x`],
    ['component', 'component-api/cgi-bin/x'],
    ['component', `${API}/x`],
    ['mixed', 'component-api/cgi-bin/x'],
  ]
  for (const [name, path] of forbidden) await expectRefusals([[name, path, 403, 'FORBIDDEN']], { key: keyOf(name) })
  const elsewhere = `http://127.0.0.1:${port}${PREFIX.replace('open1', 'open2')}/${SEND}`
  t.equal((await fetch(elsewhere, { headers: bearer(keyOf('sender')) })).status, 403)
})

void t.test('other methods are not there', async () => {
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'QUERY', 'PROPFIND']) {
    for (const rest of ['', 'Content-Type: a/b\r\nContent-Length: 2\r\n\r\n{}']) {
      await expectRefusals([['method', SEND, 404, 'ROUTE_NOT_FOUND']], { method, rest })
    }
  }
  t.match(await refused(SEND, { method: 'HEAD' }), { status: 404, error: 'ROUTE_NOT_FOUND' })
})

void t.test('the first of several refusals is the one that is said', async () => {
  const sender = { key: keyOf('sender') }
  const rows: Array<[row: Row, options?: { key: string }]> = [
    [['all of them', `${API}/%2e%2e/cgi-bin/token`, 401, 'UNAUTHENTICATED'], { key: '' }],
    [['a wrong key', `${API}/cgi-bin/token`, 401, 'UNAUTHENTICATED'], { key: 'x'.repeat(40) }],
    [['path before API', `api/${APPID_B}/cgi-bin//token`, 400, 'INVALID_REQUEST'], sender],
    [['API before grant', `api/${APPID_B}/cgi-bin/token`, 403, 'API_NOT_ALLOWED'], sender],
    [['grant before token', `${API}/wxa/gettemplatelist`, 403, 'FORBIDDEN'], sender],
    [['token before size', `${API}/wxa/gettemplatelist`, 400, 'WRONG_TOKEN_KIND']],
    [['size before the account', SEND.replace(APPID_A, 'wxz000000000000009'), 413, 'BODY_TOO_LARGE']],
  ]
  for (const [row, options] of rows)
    await expectRefusals([row], { ...options, method: 'POST', rest: 'Content-Length: 1001\r\n' })
})

void t.test('a body that is too large is refused, also where only its chunks tell', async (t) => {
  for (const rest of [
    'Content-Encoding: gzip\r\nContent-Length: 0\r\n',
    'Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n',
  ]) {
    await expectRefusals([['encoded', SEND, 415, 'UNSUPPORTED_MEDIA_TYPE']], { method: 'POST', rest })
  }
  const headers = bearer()
  const body = 'a'.repeat(1001)
  const chunked = new Blob([body]).stream()
  for (const sent of [body, chunked]) {
    const answer = await call(SEND, { method: 'POST', headers, body: sent, duplex: 'half' })
    t.equal(answer.status, 413)
    t.equal(answer.headers.get('x-gateway-error'), 'BODY_TOO_LARGE')
  }
  t.equal((await call(SEND, { method: 'POST', headers, body: 'a'.repeat(1000) })).status, 200)
})

void t.test('account states answer as in access_token, and the audit line of a refusal has its code', async (t) => {
  const answer = await call(SEND.replace(APPID_A, 'wxz000000000000009'))
  t.equal(answer.status, 404)
  t.equal(answer.headers.get('x-gateway-error'), 'AUTHORIZER_NOT_FOUND')
  t.equal(answer.headers.get('x-gateway-attempts'), null)
  const audited = lines.filter(({ message }) => message === 'api.called').map(({ fields }) => fields)
  const about = { caller: 'root', appid: 'wxz000000000000009', path: '/cgi-bin/message/custom/send', ms: Number }
  const ended = { status: 404, errcode: undefined, rid: undefined, code: 'AUTHORIZER_NOT_FOUND' }
  t.match(audited.at(-1), { ...about, ...ended })
  t.ok(audited.some(({ code, caller }) => code === 'API_NOT_ALLOWED' && caller === 'root'))
  t.notMatch(JSON.stringify(lines), /canary|rrrr|js_code|grant_type/)
})
