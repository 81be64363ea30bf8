// Owns: what each component call sends, and what is read from a good answer.
import { Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { authorizerAppId, componentApi, componentAppId, failure, otherAuthorizerAppId, sent } from './fixtures.ts'
import { type Reply, startWeChatServer } from './wechat-server.ts'

const reveal = (secret: Secret | undefined) => secret?.reveal()

const REFRESH = { authorizerAppId, authorizerRefreshToken: sent.refreshToken }
const FUNC_INFO = [
  { funcscope_category: { id: 1, type: 0, name: 'messages' } },
  { funcscope_category: { id: 2 }, confirm_info: { need_confirm: 0, already_confirm: 0, can_confirm: 0 } },
]

type Exchange = {
  call(api: ReturnType<typeof componentApi>): Promise<unknown>
  /** Besides component_appid. */
  body: object
  reply: Reply
  read: unknown
  /** What the token is sent as; by default as component_access_token. */
  query?: object
}

const CALLS: Record<string, Exchange> = {
  api_start_push_ticket: {
    call: (api) => api.startPushTicket(),
    query: {},
    body: { component_secret: sent.componentAppSecret.reveal() },
    reply: { errcode: 0, errmsg: 'in a normal state' },
    read: undefined,
  },
  api_component_token: {
    call: (api) => api.getComponentToken(sent.ticket),
    query: {},
    body: { component_appsecret: sent.componentAppSecret.reveal(), component_verify_ticket: sent.ticket.reveal() },
    reply: { component_access_token: 'issued-token', expires_in: 7200 },
    read: { componentAccessToken: 'issued-token', expiresInSeconds: 7200 },
  },
  api_create_preauthcode: {
    call: (api) => api.createPreAuthCode(sent.componentToken),
    body: {},
    reply: { pre_auth_code: 'preauthcode@@@p', expires_in: 1800 },
    read: { preAuthCode: 'preauthcode@@@p', expiresInSeconds: 1800 },
  },
  api_query_auth: {
    call: (api) => api.queryAuth(sent.componentToken, sent.code),
    body: { authorization_code: sent.code.reveal() },
    reply: {
      authorization_info: {
        authorizer_appid: authorizerAppId,
        authorizer_access_token: 'access',
        expires_in: 7200,
        authorizer_refresh_token: 'refreshtoken@@@r',
        func_info: FUNC_INFO,
      },
    },
    read: {
      authorizerAppId,
      authorizerAccessToken: 'access',
      expiresInSeconds: 7200,
      authorizerRefreshToken: 'refreshtoken@@@r',
      funcInfo: FUNC_INFO,
    },
  },
  api_authorizer_token: {
    call: (api) => api.refreshAuthorizerToken(sent.componentToken, REFRESH),
    body: { authorizer_appid: authorizerAppId, authorizer_refresh_token: sent.refreshToken.reveal() },
    // A number in quotes is a number.
    reply: { authorizer_access_token: 'access', expires_in: '7200', authorizer_refresh_token: 'refreshtoken@@@new' },
    read: { authorizerAccessToken: 'access', expiresInSeconds: 7200, authorizerRefreshToken: 'refreshtoken@@@new' },
  },
}

for (const [name, { call, query, body, reply, read }] of Object.entries(CALLS)) {
  void t.test(`${name} sends what WeChat wants and reads what it answers`, async (t) => {
    const wechat = await startWeChatServer(t)
    wechat.reply(reply)
    t.same(revealed(await call(componentApi(t, wechat))), read)
    const [request] = wechat.requests
    t.match(request, { method: 'POST', path: `/cgi-bin/component/${name}` })
    t.same(request?.query, query ?? { component_access_token: sent.componentToken.reveal() })
    t.same(request?.body, { component_appid: componentAppId, ...body })
  })
}

function revealed(answer: unknown): unknown {
  if (typeof answer !== 'object' || answer === null) return answer
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : (value as unknown),
    ]),
  )
}

void t.test('a code that is no well-formed text is sent and refused like any other', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 61009, errmsg: 'code is invalid' })
  const error = await failure(componentApi(t, wechat).queryAuth(sent.componentToken, new Secret('code-\ud83d-half')))
  t.match(error, { name: 'WeChatApiError', errcode: 61009 })
  t.match(wechat.requests[0]?.body, { authorization_code: 'code-\ufffd-half' })
})

void t.test('api_query_auth of an account without API permission has no tokens', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = componentApi(t, wechat)
  for (const tokens of [{}, { authorizer_access_token: '', authorizer_refresh_token: '', expires_in: 0 }]) {
    wechat.reply({ authorization_info: { authorizer_appid: authorizerAppId, ...tokens } })
    t.same(await api.queryAuth(sent.componentToken, sent.code), {
      authorizerAppId,
      authorizerAccessToken: undefined,
      expiresInSeconds: undefined,
      authorizerRefreshToken: undefined,
      funcInfo: undefined,
    })
  }
})

void t.test('a refresh without a new refresh token, or with an empty one, tells to keep the stored one', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = componentApi(t, wechat)
  for (const extra of [{}, { authorizer_refresh_token: '' }, { authorizer_refresh_token: null }]) {
    wechat.reply({ authorizer_access_token: 'access', expires_in: 7200, authorizer_appid: authorizerAppId, ...extra })
    t.equal((await api.refreshAuthorizerToken(sent.componentToken, REFRESH)).authorizerRefreshToken, undefined)
  }
})

void t.test('api_get_authorizer_info maps the profile of a mini program', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({
    authorizer_info: {
      nick_name: '小店',
      head_img: 'http://wx.qlogo.test/0',
      service_type_info: { id: 0, name: '' },
      verify_type_info: { id: -1 },
      user_name: 'gh_000000000001',
      principal_name: '某公司',
      MiniProgramInfo: { visit_status: 0 },
    },
    authorization_info: {
      authorizer_appid: authorizerAppId,
      authorizer_refresh_token: 'refreshtoken@@@r',
      func_info: [{ funcscope_category: { id: 3 } }],
    },
  })
  const details = await componentApi(t, wechat).getAuthorizerInfo(sent.componentToken, authorizerAppId)
  t.same(details.profile, {
    nick_name: '小店',
    user_name: 'gh_000000000001',
    principal_name: '某公司',
    head_img: 'http://wx.qlogo.test/0',
    service_type: 0,
    verify_type: -1,
    isMiniProgram: true,
  })
  t.same(details.funcInfo, [{ funcscope_category: { id: 3 } }])
  t.equal(reveal(details.authorizerRefreshToken), 'refreshtoken@@@r')
  t.equal(wechat.requests[0]?.path, '/cgi-bin/component/api_get_authorizer_info')
  t.same(wechat.requests[0]?.body, { component_appid: componentAppId, authorizer_appid: authorizerAppId })
})

void t.test('api_get_authorizer_info bears a profile with little in it and no authorization_info', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ authorizer_info: { nick_name: null, service_type_info: {}, user_name: 7 } })
  t.same(await componentApi(t, wechat).getAuthorizerInfo(sent.componentToken, authorizerAppId), {
    profile: {
      nick_name: '',
      user_name: '7',
      principal_name: '',
      head_img: '',
      service_type: null,
      verify_type: null,
      isMiniProgram: false,
    },
    funcInfo: undefined,
    authorizerRefreshToken: undefined,
  })
})

void t.test('raw control characters and broken UTF-8 in a nickname do not cost the answer', async (t) => {
  const wechat = await startWeChatServer(t)
  const [head = '', tail = ''] = JSON.stringify({ authorizer_info: { nick_name: '|', user_name: 'gh_1' } }).split('|')
  wechat.reply(Buffer.concat([Buffer.from(`${head}a\u0014\nb`), Buffer.from([0xf0, 0x9f, 0x98]), Buffer.from(tail)]))
  const { profile } = await componentApi(t, wechat).getAuthorizerInfo(sent.componentToken, authorizerAppId)
  t.equal(profile.nick_name, 'a  b\ufffd')
  t.equal(profile.user_name, 'gh_1')
})

void t.test('api_get_authorizer_list reads refresh_token and passes over entries that make no sense', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({
    total_count: 6,
    list: [
      { authorizer_appid: authorizerAppId, refresh_token: 'refreshtoken@@@r', auth_time: 1558000607 },
      null,
      'entry',
      { authorizer_appid: 'appid_value', refresh_token: 'refreshtoken@@@x', auth_time: 1 },
      { refresh_token: 'refreshtoken@@@x' },
      { authorizer_appid: otherAuthorizerAppId, refresh_token: '', auth_time: 'soon' },
    ],
  })
  const page = await componentApi(t, wechat).getAuthorizerList(sent.componentToken, { offset: 500, count: 500 })
  t.equal(page.totalCount, 6)
  t.same(
    page.items.map((item) => ({ ...item, refreshToken: reveal(item.refreshToken) })),
    [
      { authorizerAppId, refreshToken: 'refreshtoken@@@r', authTimeSeconds: 1558000607 },
      { authorizerAppId: otherAuthorizerAppId, refreshToken: undefined, authTimeSeconds: 0 },
    ],
  )
  t.equal(wechat.requests[0]?.path, '/cgi-bin/component/api_get_authorizer_list')
  t.same(wechat.requests[0]?.body, { component_appid: componentAppId, offset: 500, count: 500 })
})

void t.test('content type and byte order mark do not matter', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply((res) => {
    res.setHeader('content-type', 'text/plain; charset=gbk')
    res.end('\ufeff{"component_access_token":"t","expires_in":7200}')
  })
  const issued = await componentApi(t, wechat).getComponentToken(sent.ticket)
  t.equal(reveal(issued.componentAccessToken), 't')
})

void t.test('requests ask for no compression, name their client, and a base URL may have a path', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0 })
  await componentApi(t, { baseUrl: `${wechat.baseUrl}/proxy/` }).startPushTicket()
  const [request] = wechat.requests
  t.equal(request?.path, '/proxy/cgi-bin/component/api_start_push_ticket')
  t.equal(request?.headers['accept-encoding'], undefined)
  t.equal(request?.headers['content-type'], 'application/json')
  t.equal(request?.headers['user-agent'], 'wxgw')
})

void t.test('calls one after the other share a connection', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0 })
  const api = componentApi(t, wechat)
  for (let call = 0; call < 5; call += 1) await api.startPushTicket()
  t.equal(wechat.connections.opened, 1)
})

void t.test('however many calls at once, connections are bounded', async (t) => {
  const wechat = await startWeChatServer(t)
  wechat.reply({ errcode: 0 })
  const api = componentApi(t, wechat)
  await Promise.all(Array.from({ length: 200 }, () => api.startPushTicket()))
  t.equal(wechat.requests.length, 200)
  t.ok(wechat.connections.opened <= 64, `${wechat.connections.opened} connections`)
})

void t.test('a closed client leaves no connection behind', async (t) => {
  const wechat = await startWeChatServer(t)
  const api = componentApi(t, wechat)
  wechat.reply(() => api.close())
  t.match(await failure(api.startPushTicket()), { code: 'WECHAT_API_ERROR' })
})
