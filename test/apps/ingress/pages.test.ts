// Owns: the two browser pages: what they show, what they forbid, and how they fail.
import { GatewayError } from '@wxgw/wechat-core'
import { createHash } from 'node:crypto'
import t from 'tap'
import { APPID_A, authorizer, session } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'

const START = `${PREFIX}/authorize`
const LANDING = `${PREFIX}/authorized`
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

const PHONE = {
  ...BROWSER,
  'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50',
}
const COMPUTER = { ...BROWSER, 'user-agent': 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36' }

void t.test('the start page has a button and a QR code, and costs no pre_auth_code', async (t) => {
  const gateway = createGateway(t)
  for (const headers of [COMPUTER, PHONE]) {
    const answer = await gateway.publicServer.inject({ url: `${START}?auth_type=3&category_id_list=1%7C2`, headers })
    t.equal(answer.statusCode, 200)
    t.match(answer.headers['content-type'], /^text\/html; charset=utf-8/)
    t.match(answer.body, '<form method="post" action="authorize/go?auth_type=3&amp;category_id_list=1%7C2">')
    t.match(answer.body, '<svg')
    t.notMatch(answer.body, /<script|src=|url\(|@import|onclick/)
  }
  t.equal(gateway.fake.callsOf('createAuthorizationUrl').length, 0)
})

void t.test("what WeChat's client adds to a shared link is passed over, and never handed on", async (t) => {
  const { publicServer, fake } = createGateway(t)
  fake.sessions.set('of-a', session('of-a'))
  const once = 'from=singlemessage&isappinstalled=0'
  for (const added of [once, `${once}&from=timeline&isappinstalled=0`, `constructor=1&${once}`]) {
    const page = await publicServer.inject({ url: `${START}?auth_type=3&${added}`, headers: PHONE })
    t.equal(page.statusCode, 200, added)
    t.match(page.body, '<form method="post" action="authorize/go?auth_type=3">')
    const click = await publicServer.inject({ method: 'POST', url: `${START}/go?auth_type=3&${added}`, headers: PHONE })
    t.equal(click.statusCode, 303, added)
    t.equal((await publicServer.inject(`${PREFIX}/a/of-a?${added}`)).statusCode, 200, added)
    t.equal((await publicServer.inject({ method: 'POST', url: `${PREFIX}/a/of-a/go?${added}` })).statusCode, 303, added)
  }
  for (const wrong of [
    'auth_type=3&auth_type=2',
    `${once}&auth_type=9`,
    'from=%ff',
    `${once}&redirectUri=javascript:1`,
  ])
    t.equal((await publicServer.inject({ url: `${START}?${wrong}`, headers: PHONE })).statusCode, 400, wrong)
  t.equal((await publicServer.inject(`${PREFIX}/authurl?${once}`)).statusCode, 400, 'authurl is for programs')
})

void t.test('a link that is too long for a QR code has a page without one', async (t) => {
  const { publicServer } = createGateway(t)
  for (const [slashes, hasCode] of [
    [500, true],
    [1900, false],
  ] as const) {
    const redirectUri = encodeURIComponent(`https://app.example${'/'.repeat(slashes)}`)
    const url = `${START}?redirectUri=${redirectUri}`
    const { statusCode, body } = await publicServer.inject({ url, headers: COMPUTER })
    t.equal(statusCode, 200)
    t.match(body, '<form method="post"')
    t.equal(body.includes('<svg'), hasCode)
  }
})

void t.test("the click makes one and leads to WeChat's page for the browser", async (t) => {
  const gateway = createGateway(t)
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const [headers, url, type] of [
    [PHONE, `${START}/go?auth_type=3`, 'mobile'],
    [COMPUTER, `${START}/go?auth_type=3`, 'scancode'],
    [PHONE, `${START}/go?type=scancode`, 'scancode'],
  ] as const) {
    const answer = await gateway.publicServer.inject({
      method: 'POST',
      url,
      headers: { ...headers, ...form },
      payload: '',
    })
    t.equal(answer.statusCode, 303)
    t.match(answer.headers.location, `https://mp.weixin.qq.com/${type}?a=1&redirect_uri=`)
  }
  t.equal(gateway.fake.callsOf('createAuthorizationUrl').length, 3)
})

void t.test("the language is the browser's: Chinese, or English", async (t) => {
  const { publicServer } = createGateway(t)
  const rows: Array<[string | undefined, 'zh-CN' | 'en']> = [
    [undefined, 'zh-CN'],
    ['', 'zh-CN'],
    ['zh-CN,zh;q=0.9,en;q=0.8', 'zh-CN'],
    ['zh-Hant-TW', 'zh-CN'],
    ['en-US,en;q=0.9,zh-CN;q=0.8', 'en'],
    ['EN', 'en'],
    ['en;q=0.5, zh;q=0.7', 'zh-CN'],
    ['zh;q=0, en', 'en'],
    ['fr-FR, de;q=0.8', 'en'],
    ['fr, zh;q=0.1', 'zh-CN'],
    ['*', 'zh-CN'],
    ['fr, *;q=0.1', 'en'],
    [',;q=x,zh', 'zh-CN'],
  ]
  for (const [language, lang] of rows) {
    const headers = { ...BROWSER, ...(language === undefined ? {} : { 'accept-language': language }) }
    for (const url of [START, LANDING, `${LANDING}?auth_code=c1`]) {
      const answer = await publicServer.inject({ url, headers })
      t.match(answer.body, `<html lang="${lang}">`, `${language} ${url}`)
      t.equal(answer.headers['content-language'], lang)
    }
  }
})

void t.test('pages let nothing in and nobody frame them, and keep the Referer that WeChat checks', async (t) => {
  const { publicServer } = createGateway(t)
  const { headers, body } = await publicServer.inject({ url: START, headers: BROWSER })
  const policy = String(headers['content-security-policy'])
  // A form's redirect is checked against form-action, too.
  const forms = "form-action 'self' https://mp.weixin.qq.com https://open.weixin.qq.com"
  for (const directive of ["default-src 'none'", 'img-src data:', forms, "frame-ancestors 'none'", "base-uri 'none'"]) {
    t.match(policy, directive)
  }
  const style = /<style>([^]*?)<\/style>/.exec(body)?.[1] ?? ''
  t.ok(
    policy.includes(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`),
    'the style is allowed by its hash',
  )
  t.notMatch(body, 'style="')
  t.equal(headers['referrer-policy'], 'origin')
  t.equal(headers['x-content-type-options'], 'nosniff')
  t.equal(headers['cache-control'], 'no-store')
  t.equal(headers['x-frame-options'], 'DENY')
  t.equal(headers['strict-transport-security'], undefined)
  t.notOk(Object.keys(headers).some((name) => name.startsWith('access-control-')))
})

void t.test('the landing page exchanges the code and shows whose account it is', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.publicServer.inject({
    url: `${LANDING}?auth_code=c1&expires_in=3600&shop=7`,
    headers: BROWSER,
  })
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/html/)
  t.match(answer.body, `name of ${APPID_A}`)
  t.equal(answer.headers['referrer-policy'], 'no-referrer')
  t.equal(gateway.fake.callsOf('refreshProfile').length, 0)
  t.notMatch(answer.body, /canary|c1/)
})

void t.test('a name with markup in it stays a name', async (t) => {
  const gateway = createGateway(t)
  const { profile } = authorizer(APPID_A)
  const nick_name = `<img src=x onerror="alert(1)">&'😀\u202e`
  gateway.fake.authorizers.set(APPID_A, authorizer(APPID_A, { profile: profile && { ...profile, nick_name } }))
  const { body } = await gateway.publicServer.inject({ url: `${LANDING}?auth_code=c1`, headers: BROWSER })
  t.notMatch(body, '<img')
  t.match(body, '&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39;😀')
})

void t.test('a profile that is not known yet is asked for; without one the appid has to do', async (t) => {
  const asking = createGateway(t)
  asking.fake.authorizers.set(APPID_A, authorizer(APPID_A, { profile: undefined }))
  t.match((await asking.publicServer.inject(`${LANDING}?auth_code=c1`)).body, `name of ${APPID_A}`)
  t.equal(asking.fake.callsOf('refreshProfile').length, 1)

  const failing = createGateway(t)
  failing.fake.authorizers.clear()
  failing.fake.fail('refreshProfile', new GatewayError('WECHAT_API_TIMEOUT', 'too late'))
  const answer = await failing.publicServer.inject(`${LANDING}?auth_code=c1`)
  t.equal(answer.statusCode, 200)
  t.match(answer.body, APPID_A)
})

void t.test('an error is a page to a browser and JSON to everybody else, with the same status', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail('exchangeLandedCode', new GatewayError('AUTHORIZATION_CODE_INVALID', 'WeChat refused the code'))
  const rows: Array<[string, number, string]> = [
    [`${LANDING}?auth_code=%3Cscript%3E`, 400, 'INVALID_REQUEST'],
    [LANDING, 400, 'INVALID_REQUEST'],
    [`${LANDING}?auth_code=c1`, 400, 'AUTHORIZATION_CODE_INVALID'],
    [`/apis/v1/wx/other/authorized?auth_code=c1`, 404, 'PLATFORM_NOT_FOUND'],
    [`${START}?type=%3Cscript%3E`, 400, 'INVALID_REQUEST'],
    [`${START}?redirectUri=javascript:alert(1)`, 400, 'INVALID_REQUEST'],
  ]
  for (const [url, status, code] of rows) {
    const page = await gateway.publicServer.inject({ url, headers: BROWSER })
    t.equal(page.statusCode, status, url)
    t.match(page.headers['content-type'], /^text\/html/)
    t.match(page.headers['content-security-policy'], "default-src 'none'")
    t.match(page.body, code)
    t.match(
      page.body,
      url.startsWith(LANDING) || url.includes('/authorized') ? 'href="authorize"' : /<h1 class="warn">/,
      'the way back',
    )
    t.notMatch(page.body, /<script|javascript:/)
    const json = await gateway.publicServer.inject({ url, headers: { accept: 'application/json' } })
    t.equal(json.statusCode, status, url)
    t.match(json.json(), { statusCode: status, code })
  }
})

void t.test('a failure nobody foresaw shows nothing of itself', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail('exchangeLandedCode', new Error('canary: connect ECONNREFUSED 10.1.2.3:6379'))
  for (const headers of [BROWSER, {}]) {
    const answer = await gateway.publicServer.inject({ url: `${LANDING}?auth_code=c1`, headers })
    t.equal(answer.statusCode, 500)
    t.notMatch(answer.body, /canary|ECONNREFUSED|at .*\.js/)
  }
  t.ok(gateway.lines.some(({ level, message }) => level === 'error' && message === 'request.failed'))
})
