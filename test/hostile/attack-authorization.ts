// Owns: hostile calls of authurl, mpinfo and the two pages: rows U and M of the table.
import type { Test } from 'tap'
import { API_KEY, startGateway } from '../helpers/gateway.ts'
import { until } from '../helpers/until.ts'
import {
  type Attempt,
  assertErrorShape,
  assertNoEcho,
  AUTHORIZER,
  CANARY,
  type HostileGateway,
  type Listener,
  parsed,
  PREFIX,
} from './hostile-gateway.ts'
import { type RawAnswer, requestBytes, sendBytes } from './raw-http.ts'

const INVALID = 'INVALID_REQUEST'
const authurl = `${PREFIX}/authurl`
const mpinfo = `${PREFIX}/mpinfo`
/** The only origin that `redirectUri` may have. */
export const GOOD = 'https://good.example'

/** Each is refused as `redirectUri`. */
const REDIRECTS: Array<[id: string, uri: string]> = [
  ['U02', `https://evil.example/${CANARY}`],
  ['U03', 'javascript:alert(1)'],
  ['U04', `data:text/html,<script>${CANARY}</script>`],
  ...['file:///etc/passwd', 'ftp://good.example', 'vbscript:x', 'blob:https://good.example/x', 'weixin://x'].map(
    (uri): [string, string] => ['U05', uri],
  ),
  ['U06', '//evil.example'],
  ...[
    '\\\\evil.example',
    '/\\evil.example',
    'https:/evil.example',
    'https:evil.example',
    'https:\\\\good.example',
    'https://good.example\\@evil.example',
  ].map((uri): [string, string] => ['U07', uri]),
  ...['https://good.example@evil.example', 'https://user:pw@good.example', 'https://@good.example'].map(
    (uri): [string, string] => ['U08', uri],
  ),
  ...['https://good.example.evil.example', 'https://evilgood.example', 'https://good.examplee'].map(
    (uri): [string, string] => ['U09', uri],
  ),
  ...[
    'https://evil.example#good.example',
    'https://evil.example?u=https://good.example',
    'https://evil.example/https://good.example',
  ].map((uri): [string, string] => ['U10', uri]),
  ...[
    'https://good.example%2eevil.example',
    'https://good.example%00.evil.example',
    'https://evil.example%2f@good.example',
  ].map((uri): [string, string] => ['U11', uri]),
  ...['https://gооd.example', 'https://xn--gd-emca.example', 'https://good.example.'].map((uri): [string, string] => [
    'U12',
    uri,
  ]),
  ['U13', 'https://good.example/\r\nSet-Cookie:x=1'],
  ['U14', 'http://good.example'],
  ['U15', 'https://good.example:8443'],
  ...[
    'java\tscript:alert(1)',
    ' https://good.example',
    '\ufeffhttps://good.example',
    'https://good.example\u2028',
    'https://\u00adgood.example\u00a0',
  ].map((uri): [string, string] => ['U17', uri]),
  ['U18', `${GOOD}/${'x'.repeat(3000)}`],
  ['U01', ''],
]

export async function attackAuthorization(t: Test, gateway: HostileGateway): Promise<void> {
  const { auth, simulator } = gateway
  const query = (values: Record<string, string>) => String(new URLSearchParams(values))
  const json = (value: unknown, type = 'application/json') =>
    requestBytes('POST', authurl, {
      body: typeof value === 'string' ? value : JSON.stringify(value),
      headers: { 'content-type': type },
    })
  const refused = (
    id: string,
    name: string,
    bytes: Buffer,
    status: Attempt['status'] = 400,
    code: Attempt['code'] = INVALID,
  ): Attempt => ({ id, name, bytes, status, code })
  const get = (target: string, headers: Record<string, string> = {}) => requestBytes('GET', target, { headers })

  await t.test('U01 to U24: where WeChat may send the browser is not for anybody to say', async (t) => {
    const calls = simulator.countCalls('api_create_preauthcode')
    await gateway.attack(t, [
      ...REDIRECTS.flatMap(([id, uri]) => [
        refused(
          id,
          `${JSON.stringify(uri.slice(0, 50))} in the query`,
          get(`${authurl}?${query({ redirectUri: uri })}`),
        ),
        refused(id, `${JSON.stringify(uri.slice(0, 50))} in JSON`, json({ redirectUri: uri })),
        refused(
          id,
          `${JSON.stringify(uri.slice(0, 50))} in a form`,
          json(query({ redirectUri: uri }), 'application/x-www-form-urlencoded'),
        ),
        refused(
          id,
          `${JSON.stringify(uri.slice(0, 50))} at the page`,
          get(`${PREFIX}/authorize?${query({ redirectUri: uri })}`),
        ),
      ]),
      refused(
        'U19',
        'twice in the query',
        get(`${authurl}?${query({ redirectUri: GOOD })}&${query({ redirectUri: GOOD })}`),
      ),
      refused(
        'U19',
        'twice in a form',
        json(`${query({ redirectUri: GOOD })}&${query({ redirectUri: GOOD })}`, 'application/x-www-form-urlencoded'),
      ),
      refused(
        'U19',
        'in the query and in the body',
        requestBytes('POST', `${authurl}?${query({ redirectUri: GOOD })}`, {
          body: JSON.stringify({ redirectUri: GOOD }),
          headers: { 'content-type': 'application/json' },
        }),
      ),
      ...[[GOOD], { href: GOOD }, 1, null, true].map((value) =>
        refused('U20', `${JSON.stringify(value)} as redirectUri`, json({ redirectUri: value })),
      ),
      ...['[]', '"x"', '1', 'null', '{"redirectUri":'].map((body) =>
        refused('U20, U23', `${body} as body`, json(body)),
      ),
      refused('U21', '__proto__', json(`{"__proto__":{"type":"${CANARY}"}}`)),
      refused('U21', 'constructor.prototype', json(`{"constructor":{"prototype":{"x":"${CANARY}"}}}`)),
      refused('U22', 'nested 10,000 deep', json(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`)),
      refused('U22', '100,000 brackets', json('['.repeat(100_000))),
      refused('U23', 'over 1 MiB', json(`{"type":"${'x'.repeat(1_048_577)}"}`), 413, 'BODY_TOO_LARGE'),
      refused('U23', 'XML', json('<xml/>', 'text/xml'), 415, 'UNSUPPORTED_MEDIA_TYPE'),
      refused('U23', 'multipart', json('x', 'multipart/form-data; boundary=x'), 415, 'UNSUPPORTED_MEDIA_TYPE'),
      refused('U23', 'no content type', requestBytes('POST', authurl, { body: 'x' }), 415, 'UNSUPPORTED_MEDIA_TYPE'),
      ...[
        { type: CANARY },
        { type: 'MOBILE' },
        { auth_type: '7' },
        { auth_type: '01' },
        { auth_type: '1&x=1' },
        { biz_appid: 'wx1' },
        { biz_appid: `wx${'0'.repeat(16)}&x` },
        { category_id_list: 'a' },
        { category_id_list: '1||2' },
        { pre_auth_code: 'x' },
        { component_appid: 'x' },
        { state: CANARY },
        { [CANARY]: '1' },
      ].flatMap((values) => [
        refused('U25, U26', `${JSON.stringify(values)} in the query`, get(`${authurl}?${query(values)}`)),
        refused('U25, U26', `${JSON.stringify(values)} in JSON`, json(values)),
      ]),
    ])
    t.equal(simulator.countCalls('api_create_preauthcode'), calls, 'no pre_auth_code was spent on any of it')
  })

  await t.test(
    'U16, U28, U31: a good call is answered with an address of WeChat, to nobody across origins, and never with the code alone',
    async (t) => {
      const answer = await sendBytes(
        gateway.ports.public,
        get(`${authurl}?${query({ redirectUri: `${GOOD}/cb/../admin?a=%26` })}`, { origin: 'https://evil.example' }),
      )
      t.equal(answer.status, 200)
      const { url } = parsed(answer.body)
      t.equal(new URL(String(url)).origin, simulator.url)
      t.equal(new URL(String(url)).searchParams.get('redirect_uri')?.startsWith(`${GOOD}/admin`), true)
      assertNoEcho(t, answer, 'authurl')
    },
  )

  await t.test('U30, T34, M25: whatever WeChat answers, no secret and no address of its API comes out', async (t) => {
    const secrets = () => [String(simulator.latestTicket()), gateway.component.appSecret, refreshToken, CANARY]
    const refreshToken = String(simulator.currentRefreshToken(AUTHORIZER.appId))
    const leak = {
      errcode: 40013,
      errmsg: `invalid appid hint: [${gateway.component.appSecret}] ${refreshToken} access_token=${CANARY}`,
    }
    const faults: Array<[name: string, plan: Parameters<typeof simulator.fault>[1], status: number]> = [
      [
        'an errcode',
        {
          errcode: 61004,
          errmsg: `access clientip is not registered requestIP: 10.1.2.3 ${gateway.component.appSecret}`,
        },
        502,
      ],
      ['HTML', { status: 502, body: `<html>${CANARY}</html>`, contentType: 'text/html' }, 502],
      ['cut JSON', { body: `{"pre_auth_code":"${CANARY}`, contentType: 'application/json' }, 502],
      ['nothing', { body: '' }, 502],
      ['a cut connection', { resetBefore: true }, 502],
      ['no pre_auth_code', { omit: ['pre_auth_code'] }, 502],
      ['an object for the code', { replace: { pre_auth_code: { a: CANARY } } }, 502],
    ]
    for (const [name, plan, status] of faults) {
      for (const target of [authurl, `${PREFIX}/authorize/go`]) {
        const fault = simulator.fault('api_create_preauthcode', plan)
        const answer = await sendBytes(gateway.ports.public, requestBytes(target === authurl ? 'GET' : 'POST', target))
        fault.remove()
        t.ok([status, 504].includes(answer.status), `${name} at ${target}: ${answer.status}`)
        assertErrorShape(t, answer, { name, codes: ['WECHAT_API_ERROR', 'WECHAT_API_TIMEOUT'] })
        assertNoEcho(t, answer, name)
        // The policy names the origin of WeChat's pages, which here is that of its API.
        const rest = { ...answer, text: answer.text.replace(/^content-security-policy:.*$/im, '') }
        assertHolds(t, rest, [...secrets(), simulator.url, 'cgi-bin', 'component_access_token'], name)
      }
    }
    for (const [api, target] of [
      ['api_query_auth', `${mpinfo}?auth_code=queryauthcode@@@leak1`],
      ['api_authorizer_token', `${PREFIX}/access_token/${AUTHORIZER.appId}?force=true`],
    ] as const) {
      const fault = simulator.fault(api, leak)
      const answer = await sendBytes(gateway.ports.internal, get(target, auth))
      fault.remove()
      t.ok(answer.status >= 400, `${api}: ${answer.status}`)
      assertErrorShape(t, answer, { name: api, codes: undefined })
      assertHolds(t, answer, [...secrets(), simulator.url, 'cgi-bin'], api)
    }
  })

  await t.test('M01 to M07, M17: codes that are none are refused before WeChat is asked', async (t) => {
    const calls = simulator.countCalls('api_query_auth')
    const bad = [
      '',
      ' ',
      '%20%20',
      'a%20b',
      'x%26component_access_token%3Dy',
      'a%23',
      'a%22%2C%22component_appid%22%3A%22y',
      `${CANARY}%3Cscript%3E`,
      CANARY.repeat(400),
      '%00',
      '%E4%BD%A0',
      '%7B%7D',
    ]
    const listeners: Array<[Listener, Record<string, string>]> = [
      ['public', {}],
      ['internal', auth],
    ]
    await gateway.attack(
      t,
      listeners.flatMap(([listener, headers]): Attempt[] => [
        { ...refused('M01', 'no code', get(mpinfo, headers)), listener },
        ...bad.map((code): Attempt => ({
          ...refused(
            'M02 to M07',
            `${code.slice(0, 30).replaceAll(CANARY, 'canary')} as code`,
            get(`${mpinfo}?auth_code=${code}`, headers),
          ),
          listener,
        })),
        {
          ...refused('M05', 'a second parameter', get(`${mpinfo}?auth_code=x&component_access_token=y`, headers)),
          listener,
        },
        { ...refused('M06', 'two codes', get(`${mpinfo}?auth_code=x&auth_code=y`, headers)), listener },
        { ...refused('M06', 'a list', get(`${mpinfo}?auth_code[]=x`, headers)), listener },
        { ...refused('M17', 'a key in the query', get(`${mpinfo}?auth_code=x&key=${API_KEY}`, headers)), listener },
        { ...refused('M17', 'expires_in that is none', get(`${mpinfo}?auth_code=x&expires_in=-1`, headers)), listener },
      ]),
    )
    await gateway.attack(t, [
      ...bad
        .filter((code) => code !== '')
        .map((code) =>
          refused(
            'M03',
            `${code.slice(0, 20).replaceAll(CANARY, 'canary')} at the landing page`,
            get(`${PREFIX}/authorized?auth_code=${code}&expires_in=600`),
          ),
        ),
      refused('M01', 'the landing page without a code', get(`${PREFIX}/authorized`)),
    ])
    t.equal(simulator.countCalls('api_query_auth'), calls)
  })

  await t.test('M08, M18: a code that WeChat refuses is 400, remembered, and never echoed', async (t) => {
    const calls = simulator.countCalls('api_query_auth')
    for (const listener of ['public', 'internal'] as const) {
      for (let round = 0; round < 3; round += 1) {
        const answer = await sendBytes(
          gateway.ports[listener],
          get(`${mpinfo}?auth_code=queryauthcode@@@${CANARY}`, listener === 'internal' ? auth : {}),
        )
        t.equal(answer.status, 400)
        assertErrorShape(t, answer, { name: 'M08', codes: ['AUTHORIZATION_CODE_INVALID'] })
        assertNoEcho(t, answer, 'M08')
      }
    }
    t.equal(simulator.countCalls('api_query_auth'), calls + 1)
  })

  await t.test('M09 to M16, M24, M26: a good code shows the public listener no token, whoever asks', async (t) => {
    const appId = 'wx00000000000000c3'
    simulator.addAccount({ appId, userName: 'gh_0000000000c3', nickName: `<script>alert(1)</script>"'&\u202e😀` })
    const { authorizationCode } = await simulator.authorize(appId, { push: false })
    const code = encodeURIComponent(authorizationCode)
    const before = simulator.countCalls('api_query_auth')
    const answers = await Promise.all([
      sendBytes(gateway.ports.public, get(`${mpinfo}?auth_code=${code}&expires_in=600`)),
      sendBytes(gateway.ports.public, get(`${mpinfo}?auth_code=${code}`, auth)),
      sendBytes(
        gateway.ports.public,
        get(`${PREFIX}/authorized?auth_code=${code}&expires_in=600&state=${CANARY}`, { accept: 'text/html' }),
      ),
    ])
    t.equal(simulator.countCalls('api_query_auth'), before + 1, 'M19: exchanged once')
    const tokens = [
      String(simulator.currentAccessToken(appId)),
      String(simulator.currentRefreshToken(appId)),
      authorizationCode,
    ]
    for (const answer of answers) {
      t.equal(answer.status, 200)
      assertHolds(t, answer, tokens, 'public')
      assertNoEcho(t, answer, 'public')
    }
    const [, , page] = answers
    t.notMatch(page?.body, '<script', 'M26')
    assertPageHeaders(t, { page, referrer: 'no-referrer', wechat: simulator.url })
    const full = await sendBytes(gateway.ports.internal, get(`${mpinfo}?auth_code=${code}`, auth))
    t.match(parsed(full.body), { authorizer_access_token: tokens[0], authorizer_refresh_token: tokens[1] }, 'M16')
    t.equal(full.headers.get('cache-control'), 'no-store')
    const wrong = await sendBytes(
      gateway.ports.internal,
      get(`${mpinfo}?auth_code=${code}`, { authorization: `Bearer ${CANARY}` }),
    )
    t.equal(wrong.status, 401, 'M13')
  })

  await t.test(
    'U32 the page that leads to WeChat loads nothing, is framed by nobody, and tells only its origin',
    async (t) => {
      const page = await sendBytes(gateway.ports.public, get(`${PREFIX}/authorize`, { accept: 'text/html' }))
      t.equal(page.status, 200)
      assertPageHeaders(t, { page, referrer: 'origin', wechat: simulator.url })
      const refusal = await sendBytes(
        gateway.ports.public,
        get(`${PREFIX}/authorize?type=${CANARY}`, { accept: 'text/html' }),
      )
      t.equal(refusal.status, 400)
      assertPageHeaders(t, { page: refusal, referrer: 'origin', wechat: simulator.url })
      assertNoEcho(t, refusal, 'a refusal as a page')
    },
  )

  await t.test('M20 while the result could not be stored, no code is spent', async (t) => {
    const appId = 'wx00000000000000d4'
    simulator.addAccount({ appId, userName: 'gh_0000000000d4' })
    const { authorizationCode } = await simulator.authorize(appId, { push: false })
    const calls = simulator.countCalls('api_query_auth')
    const { redis } = gateway.witness
    await redis.config('SET', 'min-replicas-to-write', '1')
    const refused = await sendBytes(
      gateway.ports.public,
      get(`${mpinfo}?auth_code=${encodeURIComponent(authorizationCode)}`),
    )
    t.equal(refused.status, 503)
    t.match(parsed(refused.body), { code: 'STORE_UNAVAILABLE' })
    t.equal(simulator.countCalls('api_query_auth'), calls)
    await redis.config('SET', 'min-replicas-to-write', '0')
    await until(
      'the code is exchanged afterwards',
      async () =>
        (await sendBytes(gateway.ports.public, get(`${mpinfo}?auth_code=${encodeURIComponent(authorizationCode)}`)))
          .status === 200,
    )
  })
}

/** U27, M11, U29, on a gateway of its own. */
export async function burnQuota(t: Test): Promise<void> {
  const gateway = await startGateway({ workers: 0, env: { AUTHURL_RATE_PER_MINUTE: '3' } })
  t.teardown(() => gateway.stop())
  const port = Number(new URL(gateway.publicUrl).port)
  const get = (target: string, headers: Record<string, string> = {}) =>
    sendBytes(port, requestBytes('GET', target, { headers }))
  const early = await get(authurl)
  t.equal(early.status, 503, 'U29')
  t.match(parsed(early.body), { code: 'COMPONENT_TICKET_MISSING' })
  t.ok(Number(early.headers.get('retry-after')) > 0)
  await gateway.simulator.pushTicket()
  await until(
    'there is a component token',
    async () => (await gateway.call('GET', '/component_access_token')).status === 200,
  )

  const click = (headers: Record<string, string>) =>
    sendBytes(port, requestBytes('POST', `${PREFIX}/authorize/go`, { headers }))
  const urls = await Promise.all(
    Array.from({ length: 20 }, (_, index) => {
      const headers = { 'x-forwarded-for': `10.0.0.${index}`, 'x-real-ip': `10.0.1.${index}` }
      return index % 2 ? get(authurl, headers) : click(headers)
    }),
  )
  t.equal(
    urls.filter(({ status }) => status === 200 || status === 303).length,
    2,
    'the third was the one without a ticket',
  )
  const limited = urls.find(({ status }) => status === 429)
  if (limited !== undefined) assertErrorShape(t, limited, { name: 'U27', codes: ['RATE_LIMITED'] })
  t.ok(Number(limited?.headers.get('retry-after')) > 0)
  t.ok(gateway.simulator.countCalls('api_create_preauthcode') <= 4)
  const codes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => get(`${mpinfo}?auth_code=queryauthcode@@@${index}`)),
  )
  t.equal(codes.filter(({ status }) => status === 429).length, 30)
  t.ok(gateway.simulator.countCalls('api_query_auth') <= 30)
  t.equal((await get('/healthz')).status, 200)
}

function assertHolds(t: Test, answer: RawAnswer, secrets: readonly string[], name: string): void {
  for (const secret of secrets)
    t.notOk(answer.text.includes(secret), `${name}: nothing of ${secret.length} characters that is secret`)
}

type CheckedPage = { page: RawAnswer | undefined; referrer: string; wechat: string }

/** @see https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Content-Security-Policy */
function assertPageHeaders(t: Test, { page, referrer, wechat }: CheckedPage): void {
  const written = page?.headers.get('content-security-policy') ?? ''
  // The redirect that answers the form leads to WeChat, and nowhere else.
  const forms = `form-action 'self' ${wechat}`
  t.match(written, forms)
  const policy = written.replace(forms, '')
  t.match(policy, "default-src 'none'")
  t.match(policy, "frame-ancestors 'none'")
  t.match(policy, "base-uri 'none'")
  t.notMatch(policy, /unsafe|script-src|\*|https?:/)
  t.equal(page?.headers.get('referrer-policy'), referrer)
  t.equal(page?.headers.get('x-frame-options'), 'DENY')
  t.equal(page?.headers.get('cache-control'), 'no-store')
  t.notMatch(page?.body, /<script|<link|<iframe|\son\w+=|src=/i)
}
