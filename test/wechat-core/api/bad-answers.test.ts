// Owns: the matrix of answers that make no sense: each must end in WeChatTransportError, so that nothing is overwritten.
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { exposed } from './exposed.ts'
import {
  allCanaries,
  authorizerAppId,
  BODY_CANARY,
  componentApi,
  failure,
  otherAuthorizerAppId,
  sent,
} from './fixtures.ts'
import { type Reply, startWeChatServer } from './wechat-server.ts'

type Api = ReturnType<typeof componentApi>

const calls = {
  startPushTicket: (api: Api) => api.startPushTicket(),
  getComponentToken: (api: Api) => api.getComponentToken(sent.ticket),
  createPreAuthCode: (api: Api) => api.createPreAuthCode(sent.componentToken),
  queryAuth: (api: Api) => api.queryAuth(sent.componentToken, sent.code),
  refreshAuthorizerToken: (api: Api) =>
    api.refreshAuthorizerToken(sent.componentToken, { authorizerAppId, authorizerRefreshToken: sent.refreshToken }),
  getAuthorizerInfo: (api: Api) => api.getAuthorizerInfo(sent.componentToken, authorizerAppId),
  getAuthorizerList: (api: Api) => api.getAuthorizerList(sent.componentToken, { offset: 0, count: 500 }),
} as const

/** A good refresh, to be spoiled in one place. */
const refreshed = (spoiled: Record<string, unknown>) => ({
  authorizer_access_token: BODY_CANARY,
  authorizer_refresh_token: 'refreshtoken@@@r',
  expires_in: 7200,
  ...spoiled,
})

const goodJson = JSON.stringify(refreshed({}))

const status =
  (statusCode: number, body = goodJson): Reply =>
  (res) => {
    res.statusCode = statusCode
    res.end(body)
  }

const encoded =
  (body: Buffer): Reply =>
  (res) => {
    res.setHeader('content-encoding', 'gzip')
    res.end(body)
  }

const senselessForAll: Record<string, Reply> = {
  'an empty body': '',
  'HTML with status 200': `<html><body>${BODY_CANARY} 502 Bad Gateway</body></html>`,
  'plain text': `success ${BODY_CANARY}`,
  'truncated JSON': goodJson.slice(0, -1),
  'two documents': `${goodJson}${goodJson}`,
  null: 'null',
  'an array': `[${goodJson}]`,
  'a string': JSON.stringify(BODY_CANARY),
  'a number': '7200',
  'an empty object': '{}',
  'single quotes': goodJson.replaceAll('"', "'"),
  'UTF-16': Buffer.from(goodJson, 'utf16le'),
  XML: `<xml><errcode>0</errcode><errmsg>${BODY_CANARY}</errmsg></xml>`,
  'JSON 100,000 levels deep': `{"a":${'['.repeat(100_000)}`,
  'fields under __proto__ only': `{"__proto__":${goodJson}}`,
  'an errcode that is an object': `{"errcode":{"n":0},"errmsg":"${BODY_CANARY}"}`,
  'an errcode that is null': `{"errcode":null,"errmsg":"${BODY_CANARY}"}`,
  'an errcode that is a word': `{"errcode":"${BODY_CANARY}"}`,
  'a body over 256 KB': JSON.stringify(refreshed({ errcode: 0, padding: 'x'.repeat(256 * 1024) })),
  'a body of 10 MB': Buffer.alloc(10 * 1024 * 1024, ' '),
  'a gzip bomb': encoded(gzipSync(Buffer.alloc(10 * 1024 * 1024, ' '))),
  'good JSON, compressed unasked': encoded(gzipSync(goodJson)),
  'status 500': status(500),
  'status 502 with HTML': status(502, `<html>${BODY_CANARY}</html>`),
  'status 503': status(503),
  'status 504': status(504, ''),
  'status 429': status(429),
  'status 404': status(404),
  'status 204': status(204, ''),
  'status 201': status(201),
}

for (const [what, reply] of Object.entries(senselessForAll)) {
  void t.test(`${what} is understood by no call`, async (t) => {
    const wechat = await startWeChatServer(t)
    wechat.reply(reply)
    const api = componentApi(t, wechat)
    for (const [name, call] of Object.entries(calls)) {
      const error = await failure(call(api))
      t.match(error, { name: 'WeChatTransportError', code: 'WECHAT_API_ERROR', retry: true }, name)
      t.same(found(error), [], `${name} shows nothing`)
    }
  })
}

const info = (spoiled: Record<string, unknown>) => ({
  authorization_info: {
    authorizer_appid: authorizerAppId,
    authorizer_access_token: BODY_CANARY,
    expires_in: 7200,
    authorizer_refresh_token: 'refreshtoken@@@r',
    func_info: [],
    ...spoiled,
  },
})

const spoiledFields: Array<[keyof typeof calls, string, Record<string, unknown>]> = [
  ...['0', '', 'soon', '7200.5', '-7200', '1e4', 0, -1, 7200.5, 1_000_001, 1e9, null, true, [7200], {}].map(
    (expires_in): [keyof typeof calls, string, Record<string, unknown>] => [
      'refreshAuthorizerToken',
      `expires_in ${JSON.stringify(expires_in)}`,
      refreshed({ expires_in }),
    ],
  ),
  ['refreshAuthorizerToken', 'no expires_in', { authorizer_access_token: BODY_CANARY }],
  ['refreshAuthorizerToken', 'no access token', { expires_in: 7200 }],
  ['refreshAuthorizerToken', 'an empty access token', refreshed({ authorizer_access_token: '' })],
  ['refreshAuthorizerToken', 'an access token that is null', refreshed({ authorizer_access_token: null })],
  ['refreshAuthorizerToken', 'an access token that is a number', refreshed({ authorizer_access_token: 77 })],
  ['refreshAuthorizerToken', 'an access token with a line feed', refreshed({ authorizer_access_token: 'a\nb' })],
  [
    'refreshAuthorizerToken',
    'an access token of 5,000 characters',
    refreshed({ authorizer_access_token: 'x'.repeat(5_000) }),
  ],
  [
    'refreshAuthorizerToken',
    'a refresh token that is an object',
    refreshed({ authorizer_refresh_token: { token: 'r' } }),
  ],
  ['refreshAuthorizerToken', "another authorizer's answer", refreshed({ authorizer_appid: otherAuthorizerAppId })],
  ['refreshAuthorizerToken', 'an appid that is a number', refreshed({ authorizer_appid: 7 })],
  ['getComponentToken', 'a token that is an array', { component_access_token: [BODY_CANARY], expires_in: 7200 }],
  ['getComponentToken', 'the fields of another call', refreshed({})],
  ['createPreAuthCode', 'no lifetime', { pre_auth_code: BODY_CANARY }],
  ['queryAuth', 'tokens outside authorization_info', refreshed({ authorizer_appid: authorizerAppId })],
  ['queryAuth', 'an authorization_info that is an array', { authorization_info: [info({})] }],
  ['queryAuth', 'no appid', info({ authorizer_appid: undefined })],
  ['queryAuth', 'an appid with a path in it', info({ authorizer_appid: 'wx/../../0000000a' })],
  ['queryAuth', 'an access token without a lifetime', info({ expires_in: undefined })],
  ['getAuthorizerInfo', 'no authorizer_info', info({})],
  ['getAuthorizerInfo', 'an authorizer_info that is text', { authorizer_info: BODY_CANARY }],
  [
    'getAuthorizerInfo',
    'an authorization_info that is text',
    { authorizer_info: { nick_name: 'n' }, authorization_info: BODY_CANARY },
  ],
  [
    'getAuthorizerInfo',
    "another authorizer's answer",
    { authorizer_info: { nick_name: 'n' }, ...info({ authorizer_appid: otherAuthorizerAppId }) },
  ],
  ['getAuthorizerList', 'no list', { total_count: 1 }],
  ['getAuthorizerList', 'a list that is an object', { total_count: 1, list: { authorizer_appid: authorizerAppId } }],
  ['getAuthorizerList', 'no total_count', { list: [] }],
  ['getAuthorizerList', 'a negative total_count', { total_count: -1, list: [] }],
]

void t.test('a field that is missing or of the wrong kind spoils the answer', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = componentApi(t, wechat)
  for (const [name, what, body] of spoiledFields) {
    wechat.reply(body)
    const error = await failure(calls[name](api))
    t.match(error, { name: 'WeChatTransportError', code: 'WECHAT_API_ERROR' }, `${name}: ${what}`)
    t.same(found(error), [], `${name}: ${what} shows nothing`)
  }
})

void t.test('the bounds of expires_in are 1 and 1,000,000, in figures or in quotes', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = componentApi(t, wechat)
  for (const expires_in of [1, '1', 1_000_000, '1000000', 7200.0]) {
    wechat.reply(refreshed({ expires_in }))
    t.equal((await calls.refreshAuthorizerToken(api)).expiresInSeconds, Number(expires_in))
  }
})

void t.test('the last of double keys counts, and a refusal among them is a refusal', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply(`{"errcode":0,"component_access_token":"t","expires_in":7200,"errcode":40001}`)
  t.match(await failure(calls.getComponentToken(componentApi(t, wechat))), { name: 'WeChatApiError', errcode: 40001 })
})

void t.test('an answer of exactly 256 KB is read', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply(goodJson.padEnd(256 * 1024, ' '))
  t.equal((await calls.refreshAuthorizerToken(componentApi(t, wechat))).expiresInSeconds, 7200)
})

void t.test('an endless body is cut off at the cap, and its connection closed', async (t) => {
  const wechat = await startWeChatServer(t)
  let closed = false
  wechat.reply((res) => {
    res.once('close', () => (closed = true))
    const pour = () => {
      while (!closed && res.write(Buffer.alloc(64 * 1024, ' ')));
    }
    res.on('drain', pour)
    pour()
  })
  t.match(await failure(calls.getComponentToken(componentApi(t, wechat))), {
    name: 'WeChatTransportError',
    code: 'WECHAT_API_ERROR',
    message: 'api_component_token answered more than 262144 bytes',
  })
  await until('the connection is closed', () => closed)
})

function found(error: unknown): string[] {
  const text = exposed(error)
  return allCanaries.filter((canary) => text.includes(canary))
}
