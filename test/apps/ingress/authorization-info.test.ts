// Owns: mpinfo: who sees which token.
import { GatewayError, type Secret, WeChatApiError } from '@wxgw/wechat-core'
import t from 'tap'
import { APPID_A, APPID_B, SECRETS } from './samples.ts'
import { createGateway, keyOf, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'

const PATH = `${PREFIX}/mpinfo`
const CODE = 'queryauthcode@@@abc-DEF_1'
const QUERY = `auth_code=${encodeURIComponent(CODE)}&expires_in=3600`
const EXCHANGING = ['tokens:read', 'authorizations:write'] as const
const WITHOUT_TOKENS = {
  authorizer_appid: APPID_A,
  expires_in: 7000,
  func_info: [{ funcscope_category: { id: 1 } }],
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:01.000Z',
}

function exchanged({ fake }: Fixture): string[] {
  return (fake.callsOf('exchangeCode') as Array<[Secret]>).map(([code]) => code.reveal())
}

void t.test('the public listener never gives the two tokens, whatever key is shown', async (t) => {
  const gateway = createGateway(t)
  for (const headers of [{}, gateway.bearer()]) {
    const answer = await gateway.publicServer.inject({ url: `${PATH}?${QUERY}`, headers })
    t.equal(answer.statusCode, 200)
    t.same(answer.json(), WITHOUT_TOKENS)
    t.notMatch(answer.body, 'canary')
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  t.same(exchanged(gateway), [CODE, CODE])
})

void t.test('the internal listener gives both tokens; the refresh token needs its own right', async (t) => {
  const gateway = createGateway(t, {
    grants: {
      reader: [{ platforms: undefined, authorizers: undefined, actions: [...EXCHANGING] }],
      keeper: [{ platforms: ['open1'], authorizers: [APPID_A], actions: [...EXCHANGING, 'refresh_tokens:read'] }],
      split: [
        { platforms: undefined, authorizers: undefined, actions: [...EXCHANGING] },
        { platforms: undefined, authorizers: [APPID_B], actions: ['refresh_tokens:read'] },
      ],
    },
  })
  gateway.fake.exchanged.set(CODE, APPID_A)
  const get = (key?: string) => gateway.request(`${PATH}?${QUERY}`, { key })
  const withAccess = { ...WITHOUT_TOKENS, authorizer_access_token: SECRETS.accessToken }
  t.same((await get()).json(), { ...withAccess, authorizer_refresh_token: SECRETS.refreshToken })
  t.same((await get(keyOf('keeper'))).json(), { ...withAccess, authorizer_refresh_token: SECRETS.refreshToken })
  t.same((await get(keyOf('reader'))).json(), withAccess)
  t.same((await get(keyOf('split'))).json(), withAccess)
})

void t.test('an account that gave no API permission has no tokens and no expiry', async (t) => {
  const gateway = createGateway(t)
  Object.assign(gateway.fake.authorization, { accessToken: undefined, refreshToken: undefined })
  const answer = await gateway.request(`${PATH}?${QUERY}`)
  t.same(Object.keys(answer.json()).toSorted(), ['authorizer_appid', 'createdAt', 'func_info', 'updatedAt'])
})

const BAD_QUERIES = [
  '',
  'auth_code=',
  'auth_code=%20%20',
  'auth_code=a&auth_code=a',
  'auth_code[]=a',
  `auth_code=${'a'.repeat(4096)}`,
  'auth_code=x%26component_access_token=y',
  'auth_code=x&component_access_token=y',
  'auth_code=x%22%2C%22component_appid%22%3A%22y',
  'auth_code=a%00',
  'auth_code=a%0d%0ab',
  'auth_code=%E4%BD%A0',
  'auth_code=abc&expires_in=x',
  'auth_code=abc&key=secret-canary',
]

void t.test('what is no code never reaches WeChat', async (t) => {
  const gateway = createGateway(t)
  for (const query of BAD_QUERIES) {
    for (const server of [gateway.publicServer, gateway.internalServer]) {
      const answer = await server.inject({ url: `${PATH}?${query}`, headers: gateway.bearer() })
      t.equal(refusalOf(answer), '400 INVALID_REQUEST', query.slice(0, 40))
    }
  }
  t.equal(gateway.fake.calls.length, 0)
  t.notMatch(JSON.stringify(gateway.lines), 'secret-canary')
})

void t.test('a code that WeChat refuses is 400 with its errcode, and stands nowhere', async (t) => {
  const gateway = createGateway(t)
  const cause = new WeChatApiError('api_query_auth', { errcode: 61010, errmsg: 'code is expired' })
  gateway.fake.fail(
    'exchangeCode',
    new GatewayError('AUTHORIZATION_CODE_INVALID', 'WeChat refused the code', { cause }),
  )
  const answer = await gateway.publicServer.inject(`${PATH}?${QUERY}`)
  t.equal(refusalOf(answer), '400 AUTHORIZATION_CODE_INVALID')
  t.match(answer.json(), { errcode: 61010, errmsg: 'code is expired' })
  t.notMatch(answer.body + JSON.stringify(gateway.lines), 'queryauthcode')
})
