import { startSimulator, type SimulatorOptions } from '@wxgw/simulator'
import { got } from 'got'
import t from 'tap'
import {
  componentCall,
  componentToken,
  componentTokenFor,
  errcodeWith,
  exchange,
  get,
  post,
  refresh,
  text,
} from './api-client.ts'

async function simulatorFor(t: Tap, options: SimulatorOptions = {}) {
  const simulator = await startSimulator(options)
  t.teardown(() => simulator.close())
  return simulator
}
type Tap = { teardown(fn: () => Promise<void>): void }

/** A simulator with one authorized account whose code was exchanged. */
async function authorizedAccount(t: Tap, options: SimulatorOptions = {}) {
  const simulator = await simulatorFor(t, options)
  const { appId } = simulator.addAccount({ nickName: '测试号' })
  const token = await componentToken(simulator)
  const { authorizationCode } = await simulator.authorize(appId)
  const exchanged = await exchange(simulator, token, authorizationCode)
  return { simulator, appId, token, authorizationCode, ...exchanged }
}

void t.test('a component token is bought with a ticket and the secret, and kills the one before', async (t) => {
  const simulator = await simulatorFor(t)
  const first = await componentToken(simulator)
  t.ok(first.length > 200, 'longer than the columns of old')
  t.ok(simulator.isCurrentComponentToken(first))
  t.match(await componentCall(simulator, first, 'api_create_preauthcode'), {
    pre_auth_code: /^preauthcode@@@/,
    expires_in: 1800,
  })

  const second = await componentToken(simulator)
  t.match(await componentCall(simulator, first, 'api_create_preauthcode'), {
    errcode: 40001,
    errmsg: / rid: [0-9a-f]{8}-/,
  })
  t.match(await componentCall(simulator, second, 'api_create_preauthcode'), { expires_in: 1800 })
  simulator.advance(7200)
  t.match(await componentCall(simulator, second, 'api_create_preauthcode'), { errcode: 42001 })
})

void t.test('a component token outlives the next one by the overlap', async (t) => {
  const simulator = await simulatorFor(t, { componentTokenOverlapSeconds: 300 })
  const first = await componentToken(simulator)
  await componentToken(simulator)
  t.match(await componentCall(simulator, first, 'api_create_preauthcode'), { expires_in: 1800 })
  simulator.advance(300)
  t.match(await componentCall(simulator, first, 'api_create_preauthcode'), { errcode: 40001 })
})

void t.test('wrong tickets, secrets and appids are refused each with its code', async (t) => {
  const simulator = await simulatorFor(t)
  const { ticket } = await simulator.pushTicket()
  t.match(await componentTokenFor(simulator, 'ticket@@@foreign'), { errcode: 61006 })
  const path = '/cgi-bin/component/api_component_token'
  const { appId, appSecret } = simulator.component
  const right = { component_appid: appId, component_appsecret: appSecret, component_verify_ticket: ticket }
  t.match(await post(simulator, path, { ...right, component_appsecret: 'wrong' }), { errcode: 40125 })
  t.match(await post(simulator, path, { ...right, component_appsecret: '' }), { errcode: 41004 })
  t.match(await post(simulator, path, { ...right, component_appid: 'wx0000000000000000' }), { errcode: 40013 })
  t.match(await post(simulator, path, { ...right, component_appid: '' }), { errcode: 41018 })
  simulator.advance(6 * 3600)
  await simulator.pushTicket()
  t.match(await post(simulator, path, right), { expires_in: 7200 }, 'an older ticket is good for 12 hours')
  simulator.advance(6 * 3600)
  t.match(await post(simulator, path, right), { errcode: 61005 })
})

void t.test('the token is accepted under its old and its new name, and missed when there is none', async (t) => {
  const simulator = await simulatorFor(t)
  const token = await componentToken(simulator)
  const path = '/cgi-bin/component/api_create_preauthcode'
  const body = { component_appid: simulator.component.appId }
  t.match(await post(simulator, path, body, { component_access_token: token }), { expires_in: 1800 })
  t.match(await post(simulator, path, body, { access_token: token }), { expires_in: 1800 })
  t.match(await post(simulator, path, body), { errcode: 41001 })
  t.match(await post(simulator, path, body, { access_token: 'invented' }), { errcode: 40001 })
})

void t.test('malformed calls are refused in HTTP 200', async (t) => {
  const simulator = await simulatorFor(t)
  const token = await componentToken(simulator)
  const url = `${simulator.url}/cgi-bin/component/api_create_preauthcode?component_access_token=${token}`
  t.match(await got.post(url).json(), { errcode: 44002 })
  t.match(await got.post(url, { body: '{"component_appid"' }).json(), { errcode: 47001 })
  t.match(await got.post(url, { body: '[]', headers: { 'content-type': 'text/plain' } }).json(), { errcode: 47001 })
  t.match(await got(url).json(), { errcode: 43002 })
  t.match(await post(simulator, '/cgi-bin/getcallbackip', {}, { access_token: token }), { errcode: 43001 })
  t.match(await post(simulator, '/cgi-bin/component/no_such_api', {}), { errcode: 40066 })
})

void t.test('an authorization code is exchanged once', async (t) => {
  const { simulator, appId, token, authorizationCode, answer, accessToken, refreshToken } = await authorizedAccount(t)
  t.match(answer, {
    authorization_info: { authorizer_appid: appId, expires_in: 7200, func_info: [{ funcscope_category: { id: 1 } }] },
  })
  t.ok(simulator.isCurrentAccessToken(appId, accessToken))
  t.equal(simulator.currentRefreshToken(appId), refreshToken)
  t.match((await exchange(simulator, token, authorizationCode)).answer, { errcode: 61009 })
  t.equal(await errcodeWith(simulator, accessToken), 0, 'a refused second exchange harms nobody')
  t.match((await exchange(simulator, token, 'queryauthcode@@@foreign')).answer, { errcode: 61009 })
})

void t.test('an authorization code lives for an hour', async (t) => {
  const simulator = await simulatorFor(t, { tokenLifetimeSeconds: 10_000 })
  const { appId } = simulator.addAccount()
  const token = await componentToken(simulator)
  const { authorizationCode } = await simulator.authorize(appId)
  simulator.advance(3600)
  t.match((await exchange(simulator, token, authorizationCode)).answer, { errcode: 61010 })
})

void t.test('an exchange kills every token of the account before it at once', async (t) => {
  const { simulator, appId, token, ...first } = await authorizedAccount(t)
  const refreshed = await refresh(simulator, token, appId, first.refreshToken)
  t.equal(await errcodeWith(simulator, first.accessToken), 0, 'the overlap of a refresh')

  const { authorizationCode } = await simulator.authorize(appId)
  t.equal(await errcodeWith(simulator, refreshed.accessToken), 0, 'a new code alone changes nothing')
  const second = await exchange(simulator, token, authorizationCode)
  t.equal(await errcodeWith(simulator, first.accessToken), 40001)
  t.equal(await errcodeWith(simulator, refreshed.accessToken), 40001)
  t.equal(await errcodeWith(simulator, second.accessToken), 0)
  t.equal((await refresh(simulator, token, appId, first.refreshToken)).errcode, 61023)
  t.not(second.refreshToken, first.refreshToken)
})

void t.test('a stable refresh token survives refreshes, and the old access token the overlap', async (t) => {
  const { simulator, appId, token, accessToken, refreshToken } = await authorizedAccount(t)
  const refreshed = await refresh(simulator, token, appId, refreshToken)
  t.equal(refreshed.refreshToken, refreshToken)
  t.not(refreshed.accessToken, accessToken)
  t.notOk(simulator.isCurrentAccessToken(appId, accessToken))
  t.ok(simulator.isValidAccessToken(appId, accessToken))
  simulator.advance(300)
  t.equal(await errcodeWith(simulator, accessToken), 40001)
  t.equal(await errcodeWith(simulator, refreshed.accessToken), 0)
  simulator.advance(6900)
  t.equal(await errcodeWith(simulator, refreshed.accessToken), 42001)
})

void t.test('a strictly rotating refresh token works once', async (t) => {
  const { simulator, appId, token, refreshToken } = await authorizedAccount(t, { refreshTokenRotation: 'strict' })
  const rotated = await refresh(simulator, token, appId, refreshToken)
  t.not(rotated.refreshToken, refreshToken)
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, 61023)
  t.equal((await refresh(simulator, token, appId, rotated.refreshToken)).errcode, undefined)
})

void t.test('a refresh token that rotates with grace works for five more minutes', async (t) => {
  const { simulator, appId, token, refreshToken } = await authorizedAccount(t, {
    refreshTokenRotation: 'rotating-with-grace',
  })
  const rotated = await refresh(simulator, token, appId, refreshToken)
  const again = await refresh(simulator, token, appId, refreshToken)
  t.equal(again.refreshToken, rotated.refreshToken, 'it gets the current one')
  simulator.advance(300)
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, 61023)
})

void t.test('a revoked account refuses everything until it authorizes again', async (t) => {
  const { simulator, appId, token, accessToken, refreshToken } = await authorizedAccount(t)
  const pending = await simulator.authorize(appId)
  await simulator.unauthorize(appId)
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, 61003)
  t.equal(await errcodeWith(simulator, accessToken), 61003)
  t.match(await componentCall(simulator, token, 'api_get_authorizer_info', { authorizer_appid: appId }), {
    errcode: 61003,
  })
  const voided = await exchange(simulator, token, pending.authorizationCode)
  t.match(voided.answer, { errcode: 61009 }, 'its codes are void')

  const { authorizationCode, change } = await simulator.authorize(appId)
  t.equal(change, 'authorized')
  t.equal((await refresh(simulator, token, appId, refreshToken)).errcode, 61023)
  const again = await exchange(simulator, token, authorizationCode)
  t.equal(await errcodeWith(simulator, again.accessToken), 0)
})

void t.test('tokens of the component and of an account are not taken for each other', async (t) => {
  const { simulator, token, accessToken } = await authorizedAccount(t)
  t.match(await componentCall(simulator, accessToken, 'api_create_preauthcode'), { errcode: 61014 })
  t.equal(await errcodeWith(simulator, token), 61015)
  t.match(await get(simulator, '/cgi-bin/getcallbackip', { access_token: accessToken }), { ip_list: ['127.0.0.1'] })
})

void t.test('an account without API permission gets no tokens', async (t) => {
  const simulator = await simulatorFor(t)
  const { appId } = simulator.addAccount({ apiPermission: false })
  const token = await componentToken(simulator)
  const { authorizationCode } = await simulator.authorize(appId)
  const { answer } = await exchange(simulator, token, authorizationCode)
  t.match(answer, { authorization_info: { authorizer_appid: appId } })
  t.notMatch(answer, { authorization_info: { authorizer_access_token: String } })
  t.notMatch(answer, { authorization_info: { authorizer_refresh_token: String } })
})

void t.test('account details tell mini programs by MiniProgramInfo and carry the refresh token', async (t) => {
  const { simulator, appId, token, refreshToken } = await authorizedAccount(t)
  const details = await componentCall(simulator, token, 'api_get_authorizer_info', { authorizer_appid: appId })
  t.match(details, {
    authorizer_info: {
      nick_name: '测试号',
      user_name: /^gh_/,
      service_type_info: { id: 2 },
      business_info: { open_pay: 0 },
    },
    authorization_info: { authorizer_appid: appId, authorizer_refresh_token: refreshToken },
  })
  t.notMatch(details, { authorizer_info: { MiniProgramInfo: Object } })
  const mini = simulator.addAccount({ isMiniProgram: true })
  await simulator.authorize(mini.appId)
  t.match(await componentCall(simulator, token, 'api_get_authorizer_info', { authorizer_appid: mini.appId }), {
    authorizer_info: { MiniProgramInfo: { visit_status: 0 } },
    authorization_info: { authorizer_refresh_token: '' },
  })
})

void t.test('the list is paged, gives refresh tokens back, and refuses pages over 500', async (t) => {
  const { simulator, appId, token, refreshToken } = await authorizedAccount(t)
  const other = simulator.addAccount()
  await simulator.authorize(other.appId)
  const list = (offset: number, count: number) =>
    componentCall(simulator, token, 'api_get_authorizer_list', { offset, count })
  t.match(await list(0, 500), {
    total_count: 2,
    list: [
      { authorizer_appid: appId, refresh_token: refreshToken, auth_time: Number },
      { authorizer_appid: other.appId, refresh_token: '' },
    ],
  })
  t.match(await list(1, 1), { total_count: 2, list: [{ authorizer_appid: other.appId }] })
  t.match(await list(2, 10), { total_count: 2, list: [] })
  t.match(await list(0, 501), { errcode: 40170 })
})

void t.test('a daily quota ends in 45009, is read, reset by secret, and renewed at Shanghai midnight', async (t) => {
  let now = Date.parse('2026-01-01T12:00:00Z')
  const simulator = await simulatorFor(t, { dailyQuota: { api_component_token: 2 }, nowMs: () => now })
  const token = await componentToken(simulator)
  const { ticket } = await simulator.pushTicket()
  const read = (accessToken: string, path: string) =>
    post(simulator, '/cgi-bin/openapi/quota/get', { cgi_path: path }, { access_token: accessToken })
  t.match(await read(token, '/cgi-bin/component/api_component_token'), {
    quota: { daily_limit: 2, used: 1, remain: 1 },
  })
  t.match(await read(token, '/cgi-bin/no'), { errcode: 76021 })
  t.match(await componentTokenFor(simulator, ticket), { expires_in: 7200 })
  t.match(await componentTokenFor(simulator, ticket), { errcode: 45009 })

  const clear = () =>
    post(simulator, '/cgi-bin/component/clear_quota/v2', {
      component_appid: simulator.component.appId,
      appsecret: simulator.component.appSecret,
    })
  t.match(await clear(), { errcode: 0 })
  t.match(await componentTokenFor(simulator, ticket), { expires_in: 7200 })
  t.match(await componentTokenFor(simulator, ticket), { expires_in: 7200 })
  t.match(await componentTokenFor(simulator, ticket), { errcode: 45009 })
  now = Date.parse('2026-01-01T16:00:00Z')
  t.match(await componentTokenFor(simulator, ticket), { expires_in: 7200 })
  for (let times = 1; times < 10; times += 1) t.match(await clear(), { errcode: 0 })
  t.match(await clear(), { errcode: 48006 }, 'ten times a month')
})

void t.test('an address that is not listed is refused', async (t) => {
  const simulator = await simulatorFor(t, { ipAllowed: ['203.0.113.7'] })
  t.match(await componentTokenFor(simulator, 'any'), { errcode: 61004 })
  simulator.configure({ ipAllowed: ['127.0.0.1'] })
  t.match(await componentTokenFor(simulator, 'any'), { errcode: 61006 })
})

void t.test('customer service messages are kept, within the window when that is switched on', async (t) => {
  const { simulator, appId, accessToken } = await authorizedAccount(t)
  const path = '/cgi-bin/message/custom/send'
  const send = (content: string) =>
    post(simulator, path, { touser: 'oUser', msgtype: 'text', text: { content } }, { access_token: accessToken })
  t.match(await send('你好'), { errcode: 0 })
  t.match(simulator.sentCustomMessages, [
    { appId, touser: 'oUser', msgtype: 'text', message: { text: { content: '你好' } } },
  ])
  t.match(await post(simulator, path, { touser: 'oUser', msgtype: 'text' }, { access_token: accessToken }), {
    errcode: 40008,
  })
  simulator.configure({ customerServiceWindow: true })
  t.match(await send('too early'), { errcode: 45015 })
  await simulator.sendText(appId, { openId: 'oUser', content: 'hello' })
  for (let times = 0; times < 5; times += 1) t.match(await send('answer'), { errcode: 0 })
  t.match(await send('one too many'), { errcode: 45047 })
})

void t.test('calls are logged without secrets and counted by account', async (t) => {
  const { simulator, appId, token, refreshToken } = await authorizedAccount(t)
  await Promise.all([1, 2, 3].map(() => refresh(simulator, token, appId, refreshToken)))
  t.equal(simulator.countCalls('api_authorizer_token'), 3)
  t.equal(simulator.countCalls('api_authorizer_token', appId), 3)
  t.equal(simulator.countCalls('api_authorizer_token', 'wx0000000000000000'), 0)
  t.equal(simulator.countCalls('api_query_auth', appId), 1)
  const logged = JSON.stringify(simulator.calls)
  for (const secret of [token, refreshToken, simulator.component.appSecret]) t.notOk(logged.includes(secret))
  t.match(simulator.calls.at(-1), { api: 'api_authorizer_token', appId, errcode: 0, httpStatus: 200 })
  simulator.clearCalls()
  t.equal(simulator.countCalls('api_authorizer_token'), 0)
})

void t.test('api_start_push_ticket tells whether the service ran already', async (t) => {
  const simulator = await simulatorFor(t)
  const start = (secret: string) =>
    post(simulator, '/cgi-bin/component/api_start_push_ticket', {
      component_appid: simulator.component.appId,
      component_secret: secret,
    })
  t.match(await start('wrong'), { errcode: 40125 })
  t.match(await start(simulator.component.appSecret), { errcode: 0, errmsg: /^ok/ })
  t.match(await start(simulator.component.appSecret), { errcode: 0, errmsg: /normal state/ })
  t.match(text(await componentTokenFor(simulator, simulator.latestTicket() ?? ''), 'component_access_token'), /^\d+_/)
})

void t.test('settings that cannot be are refused by name', async (t) => {
  await t.rejects(
    startSimulator({ attempts: 0, component: { encodingAesKey: 'short' }, callbackUrl: 'http://x/callback' }),
    { name: 'RangeError', message: /encodingAesKey.*callbackUrl.*attempts/ },
  )
  const simulator = await simulatorFor(t)
  t.throws(() => simulator.configure({ tokenLifetimeSeconds: -1 }), RangeError)
  t.equal(simulator.settings.tokenLifetimeSeconds, 7200)
})
