// Owns: authurl on both listeners: what may be asked, and where WeChat may send the browser.
import type { AuthorizationUrlRequest } from '@wxgw/platform'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { words } from '../../helpers/words.ts'
import { BASE_URL, createGateway, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'

const PATH = `${PREFIX}/authurl`
const LANDING = `${BASE_URL}${PREFIX}/authorized`

function asked({ fake }: Fixture): AuthorizationUrlRequest[] {
  return (fake.callsOf('createAuthorizationUrl') as Array<[AuthorizationUrlRequest]>).map(([request]) => request)
}

void t.test('without parameters it is a mobile link that leads back to the landing page', async (t) => {
  const gateway = createGateway(t)
  const answer = await gateway.publicServer.inject(PATH)
  t.equal(answer.statusCode, 200)
  t.same(answer.json(), {
    url: `https://mp.weixin.qq.com/mobile?a=1&redirect_uri=${encodeURIComponent(LANDING)}`,
    createdAt: '2026-01-01T00:00:00.000Z',
    expires_in: 1800,
  })
  t.same(asked(gateway), [
    { type: 'mobile', redirectUri: LANDING, authType: undefined, bizAppId: undefined, categoryIdList: undefined },
  ])
  t.equal(answer.headers['cache-control'], 'no-store')
})

const PARAMETERS = {
  type: 'scancode',
  redirectUri: 'https://crm.example/cb?x=1',
  auth_type: '3',
  biz_appid: 'wxa000000000000001',
  category_id_list: '1|15',
}
const EXPECTED = {
  type: 'scancode',
  redirectUri: 'https://crm.example/cb?x=1',
  authType: '3',
  bizAppId: 'wxa000000000000001',
  categoryIdList: '1|15',
}

void t.test('parameters are read from the query, from JSON and from a form, on both listeners', async (t) => {
  const gateway = createGateway(t)
  const form = new URLSearchParams(PARAMETERS).toString()
  const formType = { 'content-type': 'application/x-www-form-urlencoded' }
  const json = { 'content-type': 'application/json' }
  for (const server of [gateway.publicServer, gateway.internalServer]) {
    const headers = gateway.bearer()
    const answers = [
      await server.inject({ url: `${PATH}?${form}`, headers }),
      await server.inject({ method: 'POST', url: `${PATH}?${form}`, headers }),
      await server.inject({ method: 'POST', url: PATH, headers, payload: PARAMETERS }),
      await server.inject({ method: 'POST', url: PATH, headers, payload: { ...PARAMETERS, auth_type: 3 } }),
      await server.inject({ method: 'POST', url: PATH, headers: { ...headers, ...formType }, payload: form }),
      await server.inject({ method: 'POST', url: `${PATH}?${form}`, headers: { ...headers, ...json }, payload: '' }),
    ]
    t.same(pluck(answers, 'statusCode'), [200, 200, 200, 200, 200, 200])
  }
  t.same(
    asked(gateway),
    Array.from({ length: 12 }, () => EXPECTED),
  )
})

const BAD_URIS = [
  ...words`
    javascript:alert(1) data:text/html,x file:///etc/passwd ftp://good.example/ vbscript:x blob:https://good.example/x
    //evil.example https:/evil.example https:evil.example https://good.example@evil.example
    https://user:pw@good.example/ https://@good.example/ https:// https://?x http://[::1 relative/path
  `,
  '\\\\evil.example',
  '/\\evil.example',
  'https://good.example\\@evil.example',
  'https://good.example/\r\nSet-Cookie:x=1',
  'https://good.example\0.evil.example',
  'java\tscript:alert(1)',
  ' https://good.example/',
  '\ufeffhttps://good.example/',
  `https://good.example/${'a'.repeat(2048)}`,
]

void t.test('a redirectUri that browsers could read in two ways is refused', async (t) => {
  const gateway = createGateway(t)
  for (const redirectUri of BAD_URIS) {
    const answers = [
      await gateway.publicServer.inject(`${PATH}?redirectUri=${encodeURIComponent(redirectUri)}`),
      await gateway.publicServer.inject({ method: 'POST', url: PATH, payload: { redirectUri } }),
    ]
    for (const answer of answers) {
      t.equal(refusalOf(answer), '400 INVALID_REQUEST', redirectUri.slice(0, 60))
      t.notMatch(answer.body, 'example')
    }
  }
  t.equal(asked(gateway).length, 0)
})

void t.test('without a list of origins any http or https URL is allowed', async (t) => {
  const gateway = createGateway(t)
  const uris = words`
    http://a.example https://a.example:8443/x?y=%20z http://127.0.0.1:3000/cb https://a.example/#/spa
    HTTPS://A.example/x/../y
  `
  for (const uri of uris)
    t.equal((await gateway.publicServer.inject(`${PATH}?redirectUri=${encodeURIComponent(uri)}`)).statusCode, 200, uri)
  t.same(
    asked(gateway).map(({ redirectUri }) => redirectUri),
    words`
      http://a.example https://a.example:8443/x?y=%20z http://127.0.0.1:3000/cb https://a.example/#/spa
      https://a.example/y
    `,
  )
})

void t.test('with a list, the origin as browsers will see it must be on it', async (t) => {
  const gateway = createGateway(t, { config: { authRedirectOrigins: ['https://good.example'] } })
  const get = async (uri: string) =>
    (await gateway.publicServer.inject(`${PATH}?redirectUri=${encodeURIComponent(uri)}`)).statusCode
  for (const uri of words`
    https://good.example https://good.example/a/../b https://GOOD.example:443/ https://good.example?u=evil.example
  `) {
    t.equal(await get(uri), 200, uri)
  }
  for (const uri of words`
    http://good.example https://good.example:8443 https://good.example.evil.example https://evilgood.example
    https://evil.example#good.example https://evil.example?u=https://good.example https://good.example%2eevil.example
    https://good.example. https://gооd.example
  `) {
    t.equal(await get(uri), 400, uri)
  }
  t.equal((await gateway.publicServer.inject(PATH)).statusCode, 200, 'the own landing page needs no entry')
})

void t.test('without a redirectUri and without a public address there is nothing to lead back to', async (t) => {
  const gateway = createGateway(t, {
    config: { publicListener: { host: '', port: 0, baseUrl: undefined, trustProxy: [] } },
  })
  const answer = await gateway.publicServer.inject(PATH)
  t.equal(refusalOf(answer), '400 INVALID_REQUEST')
})

const BAD_QUERIES = [
  ...words`
    type=pc type= redirectUri= auth_type=7 auth_type=0 auth_type=33 auth_type=x biz_appid=gh_1
    biz_appid=wxa00000000000000 category_id_list=1,2 category_id_list=| category_id_list=1| unknown=1
    redirectUri=https://a.example&redirectUri=https://b.example redirectUri[]=https://a.example
    redirectUri[a]=https://a.example __proto__=x constructor[prototype][y]=1 type=%zz type=%C0%AE type=%00
  `,
  Array.from({ length: 1000 }, (_, index) => `p${index}=1`).join('&'),
]

void t.test('parameters outside their bounds, unknown or repeated ones are refused', async (t) => {
  const gateway = createGateway(t)
  for (const query of BAD_QUERIES) {
    const answer = await gateway.publicServer.inject(`${PATH}?${query}`)
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', query.slice(0, 60))
  }
  t.equal(({} as Record<string, unknown>)['y'], undefined)
  t.equal(gateway.fake.calls.length, 0)
})

const nested = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
const BAD_BODIES: Array<[name: string, type: string, body: string, status: number, code: string]> = [
  ['an array', 'application/json', '[]', 400, 'INVALID_REQUEST'],
  ['null', 'application/json', 'null', 400, 'INVALID_REQUEST'],
  ['a string', 'application/json', '"x"', 400, 'INVALID_REQUEST'],
  ['broken JSON', 'application/json', '{"type":', 400, 'INVALID_REQUEST'],
  ['a list as redirectUri', 'application/json', '{"redirectUri":["https://a.example"]}', 400, 'INVALID_REQUEST'],
  ['an object as redirectUri', 'application/json', '{"redirectUri":{}}', 400, 'INVALID_REQUEST'],
  ['null as redirectUri', 'application/json', '{"redirectUri":null}', 400, 'INVALID_REQUEST'],
  ['a number as redirectUri', 'application/json', '{"redirectUri":1}', 400, 'INVALID_REQUEST'],
  ['__proto__', 'application/json', '{"__proto__":{"y":1}}', 400, 'INVALID_REQUEST'],
  ['constructor.prototype', 'application/json', '{"constructor":{"prototype":{"y":1}}}', 400, 'INVALID_REQUEST'],
  ['ten thousand levels', 'application/json', nested, 400, 'INVALID_REQUEST'],
  ['a repeated field', 'application/x-www-form-urlencoded', 'type=mobile&type=mobile', 400, 'INVALID_REQUEST'],
  ['an unknown field', 'application/x-www-form-urlencoded', 'x=1', 400, 'INVALID_REQUEST'],
  ['a broken form', 'application/x-www-form-urlencoded', 'type=%zz', 400, 'INVALID_REQUEST'],
  ['XML', 'text/xml', '<xml/>', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['text', 'text/plain', 'type=mobile', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['JSON in GBK', 'application/json; charset=gbk', '{}', 415, 'UNSUPPORTED_MEDIA_TYPE'],
  ['over 1 MiB', 'application/json', `{"type":"${'a'.repeat(1_048_576)}"}`, 413, 'BODY_TOO_LARGE'],
]

void t.test('bodies that are none are refused', async (t) => {
  const gateway = createGateway(t)
  for (const [name, type, payload, status, code] of BAD_BODIES) {
    const headers = { 'content-type': type }
    const answer = await gateway.publicServer.inject({ method: 'POST', url: PATH, headers, payload })
    t.equal(refusalOf(answer), `${status} ${code}`, name)
  }
  const payload = { type: 'mobile' }
  const both = await gateway.publicServer.inject({ method: 'POST', url: `${PATH}?type=mobile`, payload })
  t.equal(both.statusCode, 400, 'the same in query and body')
  t.equal(gateway.fake.calls.length, 0)
})
