// Owns: authorization sessions on both listeners, over a fake platform: what is taken, what is shown to whom, what
// the pages say.
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { APPID_A, APPID_B, session } from './samples.ts'
import { BASE_URL, createGateway, type Fixture, keyOf, PREFIX, refusalOf } from './gateway-fixture.ts'
import { grantsOf } from './granted-gateway.ts'

const LIST = `${PREFIX}/authorization-sessions`
const ID = 'of-a'
const RETURN_URL = 'https://app.example/'
const PAGE = `${PREFIX}/a/${ID}`
const ORIGINS = ['https://app.example', 'http://app.example:8080']
const ORIGINS_ONLY = { config: { authRedirectOrigins: ORIGINS } }
const WITHOUT_ADDRESS = { config: { publicListener: { host: '', port: 0, baseUrl: undefined, trustProxy: [] } } }

const create = ({ request }: Fixture, payload: object) => request(LIST, { method: 'POST', payload })
const put = ({ fake }: Pick<Fixture, 'fake'>, changes: Parameters<typeof session>[1] = {}, id = ID) =>
  void fake.sessions.set(id, session(id, changes))

void t.test('a session is created with what its caller may say, and answers its link', async (t) => {
  const gateway = createGateway(t, ORIGINS_ONLY)
  const { fake } = gateway
  const payload = {
    reference: '客户 7',
    tags: { shop: '7', '': undefined, 'a name': '' },
    type: 'mobile',
    authType: 3,
    appid: APPID_A,
    categoryIdList: '1|2|9',
    returnUrl: 'https://app.example/done?x=1#/y',
    expiresInSeconds: 60,
  }
  const answer = await create(gateway, payload)
  t.equal(answer.statusCode, 201)
  const sessionId = 'a'.repeat(26)
  t.strictSame(answer.json(), {
    sessionId,
    url: `${BASE_URL}${PREFIX}/a/${sessionId}`,
    expiresAt: '2026-01-02T00:00:00.000Z',
  })
  const [[created] = []] = fake.callsOf('sessions.create')
  const { appid, ...wanted } = payload
  t.match(created, { ...wanted, tags: { shop: '7', 'a name': '' }, appId: appid, isNarrowed: false })
})

void t.test('what is out of bounds is refused, and leaves nothing', async (t) => {
  const gateway = createGateway(t, ORIGINS_ONLY)
  const { fake } = gateway
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`t${index}`, 'x']))
  const good = [
    { reference: 'x'.repeat(128) },
    { reference: '😀'.repeat(128) },
    { reference: 'r', tags: many(20) },
    { reference: 'r', tags: { ['n'.repeat(64)]: 'v'.repeat(256) } },
    { reference: 'r', expiresInSeconds: 2_592_000 },
    { reference: 'r', categoryIdList: '1' },
  ]
  const bad = [
    {},
    { reference: '' },
    { reference: 'x'.repeat(129) },
    { reference: 7 },
    { reference: '\ud800' },
    { reference: 'r', tags: many(21) },
    { reference: 'r', tags: { ['n'.repeat(65)]: 'v' } },
    { reference: 'r', tags: { '': 'v' } },
    { reference: 'r', tags: { n: 'v'.repeat(257) } },
    { reference: 'r', tags: { n: 1 } },
    { reference: 'r', tags: { n: '\udc00' } },
    { reference: 'r', tags: ['n'] },
    { reference: 'r', type: 'other' },
    { reference: 'r', authType: '3' },
    { reference: 'r', authType: 1.5 },
    { reference: 'r', appid: 'wx1' },
    { reference: 'r', categoryIdList: '1,2' },
    { reference: 'r', categoryIdList: '' },
    { reference: 'r', expiresInSeconds: 59 },
    { reference: 'r', expiresInSeconds: 2_592_001 },
    { reference: 'r', expiresInSeconds: 60.5 },
    { reference: 'r', more: true },
  ]
  for (const payload of good)
    t.equal((await create(gateway, payload)).statusCode, 201, JSON.stringify(payload).slice(0, 80))
  const created = fake.callsOf('sessions.create').length
  for (const payload of bad)
    t.equal((await create(gateway, payload)).statusCode, 400, JSON.stringify(payload).slice(0, 80))
  t.equal(fake.callsOf('sessions.create').length, created)
})

void t.test('a returnUrl is on a listed origin; without a list there is none', async (t) => {
  const good = words`
    https://app.example https://app.example/ https://app.example/done?a=1&a=2#/route?b=1 http://app.example:8080/x
    HTTPS://APP.EXAMPLE/x https://app.example:443/x https://app.example?x
  `
  const bad = [
    ...words`
      http://app.example/ https://app.example:8443/ https://app.example.evil.example/
      https://evil.example/https://app.example/ https://app.example@evil.example/ https://user:pass@app.example/
      https:/app.example/ https:app.example/ //app.example/ /done app.example javascript:alert(1)//https://app.example
      data:text/html,x https://app。example.evil/
    `,
    ...['https://app.example\\@evil.example/', 'https://evil.example\\.app.example/', ' https://app.example/'],
    ...['https://app.example/\r\nset-cookie: a=b', 'https://app.example\t/', 'https://app.example/a b', ''],
  ]
  const listed = createGateway(t, ORIGINS_ONLY)
  const unlisted = createGateway(t)
  const statusOf = async (gateway: Fixture, returnUrl: string) =>
    (await create(gateway, { reference: 'r', returnUrl })).statusCode
  for (const url of good) {
    t.equal(await statusOf(listed, url), 201, url)
    t.equal(await statusOf(unlisted, url), 400, url)
  }
  for (const url of bad) t.equal(await statusOf(listed, url), 400, url)
})

void t.test('a session link is answered again; for an unknown one, or without PUBLIC_BASE_URL, never', async (t) => {
  for (const [gateway, id, expected] of [
    [createGateway(t), ID, { sessionId: ID, url: `${BASE_URL}${PAGE}` }],
    [createGateway(t), 'unknown', { code: 'SESSION_NOT_FOUND' }],
    [createGateway(t, WITHOUT_ADDRESS), ID, { code: 'PUBLIC_BASE_URL_MISSING' }],
  ] as const) {
    gateway.fake.sessions.set(ID, session(ID))
    t.match((await gateway.request(`${LIST}/${id}/link`)).json(), expected)
  }
  t.equal(refusalOf(await create(createGateway(t, WITHOUT_ADDRESS), { reference: 'r' })), '503 PUBLIC_BASE_URL_MISSING')
})

void t.test('a view has every member, and an unknown session is 404', async (t) => {
  const { fake, request } = createGateway(t)
  const tags = { a: 'b' }
  fake.sessions.set('open', session('open', { reference: 'r', tags, appId: undefined, categoryIdList: '9|1' }))
  const done = { status: 'completed', authorizedAppId: APPID_B, openedAtMs: 1000, endedAtMs: 2000 } as const
  const sets = { categoryIdList: '1|2|9', grantedSets: [2, 3] }
  put({ fake }, { reference: 'r', tags: {}, appId: undefined, ...done, ...sets }, 'done')
  const view = async (id: string) => (await request(`${LIST}/${id}`)).json()
  const times = { createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-02T00:00:00.000Z' }
  t.strictSame(await view('open'), {
    sessionId: 'open',
    reference: 'r',
    tags,
    status: 'open',
    appid: null,
    ...times,
    openedAt: null,
    completedAt: null,
    grantedSets: [],
    missingSets: [1, 9],
  })
  t.match(await view('done'), {
    status: 'completed',
    appid: APPID_B,
    tags: {},
    openedAt: '1970-01-01T00:00:01.000Z',
    completedAt: '1970-01-01T00:00:02.000Z',
    grantedSets: [2, 3],
    missingSets: [1, 9],
  })
  t.match(await view('unknown'), { statusCode: 404, code: 'SESSION_NOT_FOUND' })
})

void t.test('a narrowed key creates and sees sessions of its accounts only, no refused account', async (t) => {
  const grants = { a: grantsOf({ authorizers: [APPID_A], actions: ['sessions:read', 'sessions:write'] }) }
  const { fake, request } = createGateway(t, { grants })
  const call = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) =>
    request(url, { method, key: keyOf('a'), payload })
  t.equal((await call('POST', LIST, { reference: 'r' })).statusCode, 403)
  t.equal((await call('POST', LIST, { reference: 'r', appid: APPID_B })).statusCode, 403)
  t.equal((await call('POST', LIST, { reference: 'r', appid: APPID_A })).statusCode, 201)
  t.match(fake.callsOf('sessions.create')[0]?.[0], { isNarrowed: true })

  const refused = { appId: APPID_A, status: 'refused', authorizedAppId: APPID_B } as const
  fake.sessions.set('refused', session('refused', refused))
  t.match((await call('GET', `${LIST}/refused`)).json(), { status: 'refused', appid: APPID_A })
  t.match((await request(`${LIST}/refused`)).json(), { appid: APPID_B })
  t.match((await call('GET', LIST)).json(), { items: [{ appid: APPID_A }] })
  t.match(fake.callsOf('sessions.list')[0]?.[0], { only: [APPID_A] })

  fake.sessions.set('of-b', session('of-b', { appId: APPID_B }))
  fake.sessions.set('of-nobody', session('of-nobody', { appId: undefined }))
  fake.sessions.set('by-a', session('by-a', { appId: undefined, status: 'completed', authorizedAppId: APPID_A }))
  for (const id of ['of-b', 'of-nobody', 'unknown']) {
    for (const method of ['GET', 'DELETE'] as const)
      t.equal((await call(method, `${LIST}/${id}`)).statusCode, 403, `${method} ${id}`)
  }
  t.equal((await call('GET', `${LIST}/by-a`)).statusCode, 200, 'completed by its account')
  t.equal(fake.callsOf('sessions.cancel').length, 0)
})

void t.test('a session is cancelled as often as one likes, but not when completed', async (t) => {
  const { fake, request } = createGateway(t)
  for (const status of ['open', 'cancelled', 'expired', 'refused', 'completed'] as const)
    fake.sessions.set(status, session(status, { status }))
  const cancel = async (id: string) => (await request(`${LIST}/${id}`, { method: 'DELETE' })).statusCode
  for (const id of ['open', 'cancelled', 'expired', 'refused']) t.equal(await cancel(id), 204, id)
  t.equal(await cancel('completed'), 409)
  t.equal(await cancel('unknown'), 404)
})

const LANGUAGES = { zh: { 'accept-language': 'zh-CN' }, en: { 'accept-language': 'en' } }
const PHONE = { 'user-agent': 'Mozilla/5.0 (Linux; Android 15) Mobile Safari/537.36' }

void t.test('its page shows the button, on a computer the QR code too, and nothing that a caller wrote', async (t) => {
  const { publicServer, fake } = createGateway(t)
  put({ fake }, { categoryIdList: '1|424242' })
  for (const headers of Object.values(LANGUAGES)) {
    const computer = await publicServer.inject({ url: PAGE, headers })
    const phone = await publicServer.inject({ url: PAGE, headers: { ...headers, ...PHONE } })
    for (const { statusCode, body, headers: answered } of [computer, phone]) {
      t.equal(statusCode, 200)
      t.equal(answered['cache-control'], 'no-store')
      t.match(answered['content-security-policy'], "frame-ancestors 'none'")
      t.match(body, `<form method="post" action="${ID}/go">`)
      t.notMatch(body, /canary|<script/)
      t.match(body, /424242/, 'a set that nobody knows has its number')
    }
    t.match(computer.body, '<svg')
    t.notMatch(phone.body, '<svg')
  }
  t.match((await publicServer.inject({ url: PAGE, headers: LANGUAGES.zh })).body, '消息管理')
  t.match((await publicServer.inject({ url: PAGE, headers: LANGUAGES.en })).body, 'Message management')
  t.equal(fake.callsOf('createAuthorizationUrl').length + fake.callsOf('sessions.click').length, 0)
})

void t.test('a link that is over says so, by its page and by its click', async (t) => {
  const { publicServer, fake } = createGateway(t)
  const rows = [
    ['completed', 200, '授权已完成', 'Already authorized'],
    ['expired', 410, '链接已过期', 'expired'],
    ['cancelled', 410, '链接已取消', 'cancelled'],
    ['refused', 410, '账号不符', 'Another account'],
  ] as const
  for (const [status, statusCode, zh, en] of rows) {
    const over = session(ID, { status, authorizedAppId: APPID_B })
    fake.sessions.set(ID, over)
    fake.clickOutcome = { kind: 'over', session: over }
    for (const [language, said] of [
      ['zh', zh],
      ['en', en],
    ] as const) {
      for (const request of [{ url: PAGE }, { method: 'POST', url: `${PAGE}/go` } as const]) {
        const answer = await publicServer.inject({ ...request, headers: LANGUAGES[language] })
        t.equal(answer.statusCode, statusCode, `${status} ${request.url}`)
        t.match(answer.body, said)
        t.notMatch(answer.body, new RegExp(`canary|<form|${APPID_A}|${APPID_B}`))
      }
    }
  }
})

void t.test('the click leads to WeChat by 303, whatever the form sends; too many clicks must wait', async (t) => {
  const { publicServer, fake } = createGateway(t)
  const bodies = [
    {},
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: '' },
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=b' },
    { headers: { 'content-type': 'text/plain' }, payload: 'x' },
  ]
  for (const body of bodies) {
    const answer = await publicServer.inject({ method: 'POST', url: `${PAGE}/go`, ...body })
    t.equal(answer.statusCode, 303)
    t.equal(answer.headers.location, 'https://mp.weixin.qq.com/cgi-bin/componentloginpage?a=1')
  }
  const large = { headers: { 'content-type': 'a/b' }, payload: 'x'.repeat(5000) }
  t.equal((await publicServer.inject({ method: 'POST', url: `${PAGE}/go`, ...large })).statusCode, 413)
  const [[id, visit] = []] = fake.callsOf('sessions.click')
  t.equal(id, ID)
  t.equal((visit as { landingUrl(mark: string): string }).landingUrl('m'), `${BASE_URL}${PAGE}/landed/m`)

  fake.clickOutcome = { kind: 'wait', retryAfterSeconds: 12.3 }
  const refused = await publicServer.inject({ method: 'POST', url: `${PAGE}/go` })
  t.equal(refused.statusCode, 429)
  t.equal(refused.headers['retry-after'], '13')
  t.match(refused.headers['content-type'], /^text\/html/)
  t.match(refused.body, `href="../${ID}"`)

  fake.clickOutcome = undefined
  for (const request of [{ url: `${PREFIX}/a/unknown` }, { method: 'POST', url: `${PREFIX}/a/unknown/go` } as const]) {
    const unknown = await publicServer.inject(request)
    t.equal(unknown.statusCode, 404)
    t.match(unknown.headers['content-type'], /^text\/html/)
    t.match((await publicServer.inject({ ...request, headers: { accept: 'application/json' } })).json(), {
      code: 'SESSION_NOT_FOUND',
    })
  }
  t.equal((await publicServer.inject({ method: 'HEAD', url: PAGE })).statusCode, 404)
})

void t.test('after the landing the browser goes to the returnUrl, with what is ours set by us', async (t) => {
  const { publicServer, fake } = createGateway(t, ORIGINS_ONLY)
  const reference = `<script>"'&=# 客户\r\n😀`
  const ours = { session: ID, reference, appid: APPID_A, status: 'completed' }
  const rows = [
    ['https://app.example', '', ''],
    ['https://app.example/done', '', ''],
    ['https://app.example/done?a=1&a=2&b=%20x+y', 'a=1&a=2&b=%20x+y&', ''],
    ['https://app.example/done?status=paid&session=1&st%61tus=2&appid&x=1', 'x=1&', ''],
    ['https://app.example/done#/route?status=1', '', '#/route?status=1'],
    ['https://app.example/?a=1#b#c', 'a=1&', '#b#c'],
    ['https://app.example/?', '', ''],
    ['https://app.example/??a=b?c', '?a=b?c&', ''],
    ['https://app.example/?constructor=1&toString&__proto__=2', 'constructor=1&toString&__proto__=2&', ''],
  ] as const
  for (const [returnUrl, kept, fragment] of rows) {
    put({ fake }, { reference, returnUrl, status: 'completed', authorizedAppId: APPID_A })
    const answer = await publicServer.inject(`${PAGE}/landed/m?auth_code=c1&expires_in=3600`)
    t.equal(answer.statusCode, 303, returnUrl)
    const location = String(answer.headers.location)
    const address = (returnUrl.split('#')[0] ?? '').split('?')[0]
    t.equal(location, `${address}?${kept}${new URLSearchParams(ours).toString()}${fragment}`)
    t.equal(answer.headers['referrer-policy'], 'no-referrer')
    const { searchParams } = new URL(location)
    for (const [name, value] of Object.entries(ours))
      t.strictSame(searchParams.getAll(name), [value], `${returnUrl}: ${name}`)
  }
})

void t.test('a refused landing returns too; the account is named to those who may see it', async (t) => {
  const { publicServer, fake } = createGateway(t, ORIGINS_ONLY)
  for (const [isNarrowed, appid] of [[false, APPID_B] as const, [true, APPID_A] as const]) {
    const refused = { status: 'refused', appId: APPID_A, authorizedAppId: APPID_B, isNarrowed } as const
    put({ fake }, { returnUrl: RETURN_URL, ...refused })
    const { headers } = await publicServer.inject(`${PAGE}/landed/m?auth_code=c1`)
    const { searchParams } = new URL(String(headers.location))
    t.same([searchParams.get('status'), searchParams.get('appid')], ['refused', appid])
  }
})

void t.test('only the account that completed a session, to a listed origin, goes on to returnUrl', async (t) => {
  const elsewhere = { config: { authRedirectOrigins: ['https://other.example'] } }
  const completed = { status: 'completed', authorizedAppId: APPID_A } as const
  for (const [options, endKind, changes, statusCode] of [
    [ORIGINS_ONLY, 'other', { ...completed, appId: undefined }, 303],
    [ORIGINS_ONLY, 'other', { ...completed, appId: undefined, authorizedAppId: APPID_B }, 200],
    [elsewhere, undefined, completed, 200],
    [elsewhere, undefined, { ...completed, status: 'refused' }, 410],
  ] as const) {
    const { publicServer, fake } = createGateway(t, options)
    if (endKind) fake.endKind = endKind
    put({ fake }, { returnUrl: RETURN_URL, ...changes })
    const answer = await publicServer.inject(`${PAGE}/landed/m?auth_code=c1`)
    t.equal(answer.statusCode, statusCode, JSON.stringify([options, changes]))
  }
})

void t.test('a landing without a returnUrl shows the account, or that the link was for another', async (t) => {
  const { publicServer, fake } = createGateway(t)
  const landed = (headers = LANGUAGES.en) => publicServer.inject({ url: `${PAGE}/landed/m?auth_code=c1`, headers })
  put({ fake }, { status: 'completed', authorizedAppId: APPID_A, categoryIdList: '1|2', grantedSets: [1] })
  const completed = await landed()
  t.equal(completed.statusCode, 200)
  t.match(completed.body, `name of ${APPID_A}`)
  t.match(completed.body, 'Not granted')
  t.notMatch(completed.body, 'canary-ref')
  for (const status of ['refused', 'cancelled'] as const) {
    put({ fake }, { status, returnUrl: status === 'cancelled' ? 'https://app.example/' : undefined })
    t.equal((await landed()).statusCode, 410, status)
  }
  fake.sessions.clear()
  t.equal((await landed()).statusCode, 200, 'a mark that leads to no session: the account is authorized all the same')
  const without = await publicServer.inject({ url: `${PAGE}/landed/m`, headers: LANGUAGES.zh })
  t.equal(without.statusCode, 400)
  t.match(without.body, `href="../../${ID}"`)
})
