// Owns: the two browser pages: what they show, what they forbid, and how they fail.
import { GatewayError } from '@wxgw/wechat-core'
import { createHash } from 'node:crypto'
import t from 'tap'
import { APPID_A, authorizer } from './fake-platform.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'

const START = `${PREFIX}/authorize`
const LANDING = `${PREFIX}/authorized`
const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }

void t.test('the start page leads to both authorization pages, by buttons and by a QR code', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.publicServer.inject({ url: `${START}?auth_type=3`, headers: BROWSER })
  t.equal(answer.statusCode, 200)
  t.match(answer.headers['content-type'], /^text\/html; charset=utf-8/)
  t.match(answer.body, 'href="https://mp.weixin.qq.com/scancode?a=1&amp;redirect_uri=')
  t.match(answer.body, 'href="https://mp.weixin.qq.com/mobile?a=1&amp;redirect_uri=')
  t.match(answer.body, '<svg')
  t.match(answer.body, 'lang="zh-CN"')
  t.notMatch(answer.body, /<script|src=|url\(|@import|onclick/)
  t.equal(gateway.fake.callsOf('createAuthorizationUrl').length, 2)
})

void t.test('pages let nothing in and nobody frame them, and keep the Referer that WeChat checks', async (t) => {
  const { publicServer } = createGateway(t)
  const { headers, body } = await publicServer.inject({ url: START, headers: BROWSER })
  const policy = String(headers['content-security-policy'])
  for (const directive of ["default-src 'none'", 'img-src data:', "form-action 'none'", "frame-ancestors 'none'", "base-uri 'none'"]) {
    t.match(policy, directive)
  }
  const style = /<style>([^]*?)<\/style>/.exec(body)?.[1] ?? ''
  t.ok(policy.includes(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`), 'the style is allowed by its hash')
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
  const answer = await gateway.publicServer.inject({ url: `${LANDING}?auth_code=c1&expires_in=3600&shop=7`, headers: BROWSER })
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
  gateway.fake.fail('exchangeCode', new GatewayError('AUTHORIZATION_CODE_INVALID', 'WeChat refused the code'))
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
    t.notMatch(page.body, /<script|javascript:/)
    const json = await gateway.publicServer.inject({ url, headers: { accept: 'application/json' } })
    t.equal(json.statusCode, status, url)
    t.match(json.json(), { statusCode: status, code })
  }
})

void t.test('a failure nobody foresaw shows nothing of itself', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.fail('exchangeCode', new Error('canary: connect ECONNREFUSED 10.1.2.3:6379'))
  for (const headers of [BROWSER, {}]) {
    const answer = await gateway.publicServer.inject({ url: `${LANDING}?auth_code=c1`, headers })
    t.equal(answer.statusCode, 500)
    t.notMatch(answer.body, /canary|ECONNREFUSED|at .*\.js/)
  }
  t.ok(gateway.lines.some(({ level, message }) => level === 'error' && message === 'request.failed'))
})
