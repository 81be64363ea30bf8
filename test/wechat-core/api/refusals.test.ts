// Owns: what a refusal by WeChat becomes: errcode, presentable errmsg, what the errcode table says, and no secret.
import { errcode } from '@wxgw/catalogue'
import { classifyErrcode, type ErrcodeKind, errcodeRetryOptions, WeChatApiError } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { exposed } from './exposed.ts'
import { allCanaries, authorizerAppId, BODY_CANARY, componentApi, failure, sent } from './fixtures.ts'
import { type Reply, startWeChatServer } from './wechat-server.ts'

async function refusal(t: Test, reply: Reply): Promise<WeChatApiError> {
  const wechat = await startWeChatServer(t)
  wechat.reply(reply)
  const error = await failure(
    componentApi(t, wechat).refreshAuthorizerToken(sent.componentToken, {
      authorizerAppId,
      authorizerRefreshToken: sent.refreshToken,
    }),
  )
  if (!(error instanceof WeChatApiError)) throw error
  return error
}

void t.test('an errcode is looked at before any field', async (t) => {
  const error = await refusal(t, {
    authorizer_access_token: BODY_CANARY,
    expires_in: 7200,
    errcode: 61023,
    errmsg: 'refresh_token is invalid rid: 65f1a2b3-0c1d2e3f-4a5b6c7d',
  })
  t.match(error, {
    code: 'WECHAT_API_ERROR',
    api: 'api_authorizer_token',
    errcode: 61023,
    errmsg: 'refresh_token is invalid rid: 65f1a2b3-0c1d2e3f-4a5b6c7d',
    message: 'WeChat refused api_authorizer_token with errcode 61023',
    retry: false,
  })
  t.notMatch(exposed(error), BODY_CANARY)
})

void t.test('an errcode counts under any HTTP status, and in quotes', async (t) => {
  for (const statusCode of [400, 401, 412, 429, 500, 503]) {
    const error = await refusal(t, (res) => {
      res.statusCode = statusCode
      res.end('{"errcode":"-1","errmsg":"system error"}')
    })
    t.match(error, { errcode: -1, errmsg: 'system error', retry: true })
  }
})

void t.test('errmsg shows nothing of what was sent, nor of what looks like a secret', async (t) => {
  const { componentToken, refreshToken } = sent
  const long = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789'
  const cases: Array<[string, string]> = [
    [
      'invalid credential, access_token is invalid or not latest',
      'invalid credential, access_token is invalid or not latest',
    ],
    [`bad token ${componentToken.reveal()}`, 'bad token [masked]'],
    [`bad token ${encodeURIComponent(componentToken.reveal())}`, 'bad token [masked]'],
    [`bad ${refreshToken.reveal()}, sorry`, 'bad [masked], sorry'],
    [`ticket@@@abc and queryauthcode@@@d_e-f and preauthcode@@@x`, '[masked] and [masked] and [masked]'],
    [`refreshtoken@@@`, '[masked]'],
    [`/cgi?component_access_token=abc&x=1`, '/cgi?component_access_token=[masked]&x=1'],
    [`appsecret=abc auth_code=d`, 'appsecret=[masked] auth_code=[masked]'],
    [`token ${long} no good`, 'token [masked] no good'],
    [`component_verify_ticket expired`, 'component_verify_ticket expired'],
    [
      'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in list',
      'invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in list',
    ],
    [`appid ${authorizerAppId} unknown`, `appid ${authorizerAppId} unknown`],
    ['line one\r\nline two\u2028\u0007', 'line one line two'],
    ['需要授权 😀', '需要授权 😀'],
  ]
  for (const [errmsg, presentable] of cases) {
    t.equal((await refusal(t, { errcode: 40001, errmsg })).errmsg, presentable)
  }
})

void t.test('errmsg is cut at 200 characters, and its rid survives', async (t) => {
  const rid = 'rid: 65f1a2b3-0c1d2e3f-4a5b6c7d'
  const endless = await refusal(t, { errcode: 40001, errmsg: `${'words '.repeat(10_000)}${rid}` })
  t.ok(endless.errmsg.length <= 200)
  t.ok(endless.errmsg.endsWith(rid))
  const emoji = await refusal(t, { errcode: 40001, errmsg: `${'a b'.repeat(66)}a😀` })
  t.equal(emoji.errmsg, `${'a b'.repeat(66)}a`, 'no half of an emoji')
  const hostile = await refusal(t, { errcode: 40001, errmsg: '-a'.repeat(100_000) })
  t.ok(hostile.errmsg.length <= 200)
  const split = await refusal(t, { errcode: 40001, errmsg: `${`${'A1'.repeat(40)} `.repeat(24)}${'A1'.repeat(1_000)}` })
  t.notMatch(split.errmsg, /A1/)
})

void t.test('an errmsg that is missing or no text is empty', async (t) => {
  t.equal((await refusal(t, { errcode: 40001 })).errmsg, '')
  t.equal((await refusal(t, { errcode: 40001, errmsg: { token: BODY_CANARY } })).errmsg, '')
})

void t.test('a refusal that echoes everything it was sent shows none of it', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply((res, req) => {
    const { rawBody, query } = wechat.requests.at(-1) ?? { rawBody: '', query: {} }
    res.setHeader('x-echo', encodeURIComponent(rawBody))
    res.end(JSON.stringify({ errcode: 61023, errmsg: `${Object.values(query).join()} ${rawBody} ${req.url ?? ''}` }))
  })
  const api = componentApi(t, wechat)
  const errors = [
    await failure(api.startPushTicket()),
    await failure(api.getComponentToken(sent.ticket)),
    await failure(api.createPreAuthCode(sent.componentToken)),
    await failure(api.queryAuth(sent.componentToken, sent.code)),
    await failure(
      api.refreshAuthorizerToken(sent.componentToken, { authorizerAppId, authorizerRefreshToken: sent.refreshToken }),
    ),
    await failure(api.getAuthorizerInfo(sent.componentToken, authorizerAppId)),
    await failure(api.getAuthorizerList(sent.componentToken, { offset: 0, count: 1 })),
  ]
  const secrets = allCanaries.filter((canary) => canary !== '/cgi-bin/' && canary !== 'component_access_token=')
  for (const error of errors) {
    t.match(error, { name: 'WeChatApiError', errcode: 61023 })
    const text = exposed(error)
    const found = secrets.filter((canary) => text.includes(canary))
    t.same(found, [])
  }
})

void t.test('the errcode table knows every code that matters to a gateway', (t) => {
  const documented = [
    -1, 40001, 40013, 40014, 40029, 40030, 40066, 40090, 40125, 40163, 40164, 40170, 41001, 41002, 41004, 41018, 41021,
    42001, 42002, 42006, 42007, 43001, 43002, 43003, 44002, 45009, 45011, 45015, 45035, 45047, 47001, 48001, 48002,
    48004, 48006, 50002, 61002, 61003, 61004, 61005, 61006, 61007, 61008, 61009, 61010, 61011, 61012, 61013, 61014,
    61015, 61016, 61017, 61018, 61019, 61020, 61021, 61022, 61023, 61024, 61025, 76003, 76021, 76022,
  ]
  const found = documented.filter((code) => errcode(code) === undefined)
  t.same(found, [])
  t.equal(errcode(0), undefined, 'success is no refusal')
  t.end()
})

void t.test('the kinds that the token code acts on', (t) => {
  const expected: Array<[ErrcodeKind, number[]]> = [
    ['busy', [-1]],
    ['access-token-invalid', [40001, 40014, 42001, 42006]],
    ['ticket-invalid', [61005, 61006]],
    ['not-authorized', [61003]],
    ['refresh-token-invalid', [61023, 40030]],
    ['authorization-code-invalid', [61009, 61010]],
    ['quota-day', [45009]],
    ['quota-minute', [45011]],
    ['ip-not-allowed', [61004, 40164, 45035, 40090]],
    ['misconfigured', [40013, 40125, 41004, 61011]],
    ['forbidden', [48001, 61007]],
    ['message-refused', [45015, 45047, 48002]],
    ['other', [1, 99999, 40029]],
  ]
  for (const [kind, errcodes] of expected) {
    for (const errcode of errcodes) t.equal(classifyErrcode(errcode), kind, String(errcode))
  }
  t.equal(errcodeRetryOptions(99999).retry, true, 'what is unknown may be tried again')
  t.end()
})

void t.test('an error says whether and when the call may be made again', async (t) => {
  const cases: Array<[number, { retry: boolean; retryAfterSeconds: number | undefined }]> = [
    [-1, { retry: true, retryAfterSeconds: 1 }],
    [42001, { retry: true, retryAfterSeconds: 1 }],
    [45011, { retry: true, retryAfterSeconds: 60 }],
    [45009, { retry: true, retryAfterSeconds: 600 }],
    [61003, { retry: false, retryAfterSeconds: undefined }],
    [61004, { retry: false, retryAfterSeconds: undefined }],
  ]
  for (const [errcode, expected] of cases) {
    const { retry, retryAfterSeconds } = await refusal(t, { errcode, errmsg: 'no' })
    t.same({ retry, retryAfterSeconds }, expected, String(errcode))
  }
})
