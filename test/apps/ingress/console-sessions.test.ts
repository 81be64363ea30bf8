// Owns: sessions of the console: who gets one, what it is good for, and what ends it.
import { randomBytes } from 'node:crypto'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { startWeChatDouble } from './api-calls/wechat-double.ts'
import { APPID_A } from './samples.ts'
import { createGateway, type Fixture, keyOf, ROOT_KEY } from './gateway-fixture.ts'
import { gatewayWith, grantsOf } from './granted-gateway.ts'
import { CALLS } from './needed-actions.ts'

const HOUR_MS = 3_600_000
const NARROW = { narrow: grantsOf({ authorizers: [APPID_A], actions: ['authorizers:read', 'console:use'] }) }

type Signed = { cookie: string; 'x-csrf-token': string }
type Answer = { caller: string; platforms: string[]; grants: unknown; csrfToken: string }

const session = (
  gateway: Fixture,
  init: { method: 'POST' | 'GET' | 'DELETE'; headers?: Record<string, string>; payload?: object },
) => gateway.internalServer.inject({ url: '/console/session', ...init })

const signIn = (gateway: Fixture, key = ROOT_KEY, headers: Record<string, string> = {}) =>
  session(gateway, { method: 'POST', payload: { key }, headers })

const cookieOf = (answer: LightMyRequestResponse) => String(answer.headers['set-cookie']).split(';')[0] ?? ''

async function signed(gateway: Fixture, key = ROOT_KEY): Promise<Signed> {
  const answer = await signIn(gateway, key)
  return { cookie: cookieOf(answer), 'x-csrf-token': answer.json<Answer>().csrfToken }
}

const list = (gateway: Fixture, headers: Record<string, string>) =>
  gateway.internalServer.inject({ url: '/apis/v1/wx/open1/authorizers', headers })
const statusOf = async (gateway: Fixture, headers: Record<string, string>) => (await list(gateway, headers)).statusCode

void t.test('a caller with console:use signs in, and reads who it is and what it may', async (t) => {
  const gateway = createGateway(t, { grants: NARROW })
  const answer = await signIn(gateway, keyOf('narrow'))
  t.equal(answer.statusCode, 200)
  const attributes = String(answer.headers['set-cookie']).split('; ').slice(1)
  t.strictSame(attributes.toSorted(), ['HttpOnly', 'Path=/', 'SameSite=Strict'])
  const expected = {
    caller: 'narrow',
    platforms: ['open1'],
    grants: [{ authorizers: [APPID_A], actions: ['authorizers:read', 'console:use'] }],
  }
  t.match(answer.json(), { ...expected, csrfToken: /.{20,}/ })
  const again = await session(gateway, { method: 'GET', headers: { cookie: cookieOf(answer) } })
  t.match(again.json(), { ...expected, csrfToken: /.{20,}/ })
  t.notMatch(answer.body + String(answer.headers['set-cookie']), keyOf('narrow'))
  t.equal((await signIn(gateway)).json<Answer>().grants, null, 'all rights')
})

void t.test('an unknown key, no key and a caller without console:use get no cookie', async (t) => {
  const gateway = createGateway(t, { grants: { reader: grantsOf({ actions: ['authorizers:read'] }), nothing: [] } })
  const refused: Array<[LightMyRequestResponse, number]> = [
    [await signIn(gateway, 'x'.repeat(40)), 401],
    [await signIn(gateway, ''), 400],
    [await signIn(gateway, keyOf('reader')), 403],
    [await signIn(gateway, keyOf('nothing')), 403],
    [await session(gateway, { method: 'GET' }), 401],
    [await session(gateway, { method: 'GET', headers: gateway.bearer() }), 401],
    [await session(gateway, { method: 'DELETE' }), 401],
  ]
  for (const [answer, status] of refused) {
    t.equal(answer.statusCode, status, answer.body)
    t.equal(answer.headers['set-cookie'], undefined)
  }
})

void t.test('the cookie is Secure where a trusted proxy says that the request came by TLS', async (t) => {
  const publicListener = { host: '127.0.0.1', port: 0, baseUrl: undefined, trustProxy: ['127.0.0.0/8'] }
  const secureOf = async (gateway: Fixture) =>
    String((await signIn(gateway, ROOT_KEY, { 'x-forwarded-proto': 'https' })).headers['set-cookie']).includes(
      '; Secure',
    )
  t.equal(await secureOf(createGateway(t, { config: { publicListener } })), true)
  t.equal(await secureOf(createGateway(t)), false, 'nobody else is believed')
})

void t.test('a session is good for what its caller may, with its CSRF token and not without', async (t) => {
  const gateway = createGateway(t, { grants: { ...NARROW, other: grantsOf({ actions: ['console:use'] }) } })
  const mine = await signed(gateway)
  t.equal(await statusOf(gateway, mine), 200)
  t.equal(await statusOf(gateway, await signed(gateway, keyOf('narrow'))), 200)
  t.equal(await statusOf(gateway, await signed(gateway, keyOf('other'))), 403, 'a right of another')
  const other = await signed(gateway)
  for (const token of [undefined, '', 'x', other['x-csrf-token'], `${mine['x-csrf-token']}x`]) {
    const headers = { cookie: mine.cookie, ...(token === undefined ? {} : { 'x-csrf-token': token }) }
    t.match((await list(gateway, headers)).json(), { statusCode: 403, code: 'FORBIDDEN' }, String(token))
  }
  t.equal(await statusOf(gateway, { ...mine, authorization: 'Bearer wrong' }), 401, 'a wrong key goes before it')
  t.equal(await statusOf(gateway, { cookie: mine.cookie, ...gateway.bearer() }), 200, 'a key needs no token')
})

void t.test('sessions open every keyed route except those that answer tokens and tickets', async (t) => {
  const gateway = gatewayWith(t, {}, { wechatUrl: (await startWeChatDouble(t)).url })
  const { paths } = (await gateway.internalServer.inject('/openapi.json')).json<Document>()
  const mine = await signed(gateway)
  let refused: string[] = []
  for (const { method, path, payload } of CALLS) {
    const send = (headers: Record<string, string>) => {
      gateway.fill()
      return gateway.internalServer.inject({
        method,
        url: `/apis/v1/wx/open1/${path}`,
        headers,
        ...(payload ? { payload } : {}),
      })
    }
    const byKey = (await send(gateway.bearer())).statusCode
    t.ok(byKey < 300, `${method} ${path} by key`)
    const found = (await send({ cookie: mine.cookie })).json()
    t.match(found, { statusCode: 403, code: 'FORBIDDEN' }, `${method} ${path} without CSRF token`)
    const bySession = await send(mine)
    if (bySession.statusCode === 403)
      refused = [...refused, `${method} ${path.replace(/\?.*/, '').replace(APPID_A, 'APPID')}`]
    else t.equal(bySession.statusCode, byKey, `${method} ${path} by session`)
  }
  t.strictSame([...new Set(refused)].toSorted(), [
    'GET access_token/APPID',
    'GET component_access_token',
    'GET mpinfo',
    'GET proxy_token/APPID',
    'GET ticket/APPID',
    'POST access_token/APPID/invalid',
  ])
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { security = [] }]) => {
      const named = (scheme: string) => security.some((schemes) => scheme in schemes)
      return named('key') && !named('consoleSession')
        ? [`${method.toUpperCase()} ${path.split('/').slice(5).join('/')}`]
        : []
    }),
  )
  const shown = documented.map((name) => name.replace('{APPID}', 'APPID')).toSorted()
  t.strictSame(shown, [...new Set(refused)].toSorted(), 'as OpenAPI says')
})

type Document = { paths: Record<string, Record<string, { security?: Array<Record<string, unknown>> }>> }

void t.test('a session ends twelve hours after its last use', async (t) => {
  const gateway = createGateway(t)
  const { clock } = gateway
  const first = await signed(gateway)
  const beganAtMs = clock.nowMs()
  clock.set(beganAtMs + 11 * HOUR_MS)
  const used = await list(gateway, first)
  t.equal(used.statusCode, 200)
  const renewed = { ...first, cookie: cookieOf(used) }
  clock.set(beganAtMs + 12 * HOUR_MS)
  t.equal(await statusOf(gateway, first), 401, 'the cookie of before')
  clock.set(beganAtMs + 23 * HOUR_MS - 1)
  t.equal(await statusOf(gateway, renewed), 200)
  clock.set(beganAtMs + 23 * HOUR_MS)
  t.equal(await statusOf(gateway, renewed), 401)
})

void t.test('a session that was ended is over at every ingress, and others are not', async (t) => {
  const ended = new Set<string>()
  const sealingKeys = [{ id: 'k', key: randomBytes(32) }]
  const options = {
    config: { sealingKeys },
    console: {
      siteDir: '/nowhere',
      ended: { end: async (id: string) => void ended.add(id), isEnded: async (id: string) => ended.has(id) },
    },
  }
  const [here, there] = [createGateway(t, options), createGateway(t, options)]
  const [mine, other] = [await signed(here), await signed(here)]
  t.equal(await statusOf(there, mine), 200)
  const status = (await session(there, { method: 'DELETE', headers: { cookie: mine.cookie } })).statusCode
  t.equal(status, 403, 'not without the token')
  const end = await session(there, { method: 'DELETE', headers: mine })
  t.equal(end.statusCode, 204)
  t.match(end.headers['set-cookie'], /^wxgw-console=; Max-Age=0;/)
  for (const gateway of [here, there]) {
    t.equal(await statusOf(gateway, mine), 401)
    t.equal((await session(gateway, { method: 'GET', headers: { cookie: mine.cookie } })).statusCode, 401)
    t.equal(await statusOf(gateway, other), 200)
  }
})

void t.test('a session is void when its caller is gone, has another key, or has lost console:use', async (t) => {
  const sealingKeys = [{ id: 'k', key: randomBytes(32) }]
  const withGrants = (grants: Parameters<typeof gatewayWith>[1]) => gatewayWith(t, grants, { config: { sealingKeys } })
  const mine = await signed(withGrants(NARROW), keyOf('narrow'))
  t.equal(await statusOf(withGrants(NARROW), mine), 200, 'after a restart')
  t.equal(await statusOf(withGrants({}), mine), 401, 'gone')
  t.equal(await statusOf(withGrants({ narrow: grantsOf({ actions: ['authorizers:read'] }) }), mine), 401, 'may not')
  const [known] = createGateway(t, { grants: NARROW, config: { sealingKeys } }).callers.slice(-1)
  const changed = { ...known, key: createGateway(t, { grants: { another: [] } }).callers.slice(-1)[0]?.key }
  const callers = [changed] as Fixture['callers']
  t.equal(await statusOf(createGateway(t, { config: { sealingKeys, callers } }), mine), 401, 'another key')
})

void t.test('a session survives a rotation of the sealing keys, and is worth nothing under strange ones', async (t) => {
  const [old, fresh] = ['old', 'new'].map((id) => ({ id, key: randomBytes(32) }))
  const withKeys = (...sealingKeys: unknown[]) => createGateway(t, { config: { sealingKeys: sealingKeys as [] } })
  const mine = await signed(withKeys(old))
  t.equal(await statusOf(withKeys(fresh, old), mine), 200)
  t.equal(await statusOf(withKeys(fresh), mine), 401)
  t.equal(await statusOf(withKeys(old), { ...mine, cookie: `${mine.cookie.slice(0, -2)}AA` }), 401, 'a changed one')
  const unsealed = await signed(withKeys())
  t.equal(await statusOf(withKeys(), unsealed), 200, 'without any, from the keys of the callers')
})

void t.test('wrong keys are limited by address and in all, and a right one waits with them', async (t) => {
  const publicListener = { host: '127.0.0.1', port: 0, baseUrl: undefined, trustProxy: ['127.0.0.0/8'] }
  const gateway = createGateway(t, { config: { publicListener } })
  const from = (address: string, key: string) => signIn(gateway, key, { 'x-forwarded-for': address })
  const wrong = 'x'.repeat(40)
  for (let count = 0; count < 10; count += 1) t.equal((await from('192.0.2.1', wrong)).statusCode, 401)
  const limited = await from('192.0.2.1', ROOT_KEY)
  t.match(limited.json(), { statusCode: 429, code: 'RATE_LIMITED' })
  t.match(limited.headers['retry-after'], /^[1-9]\d?$/)
  t.equal((await from('192.0.2.2', ROOT_KEY)).statusCode, 200, 'another address')
  for (let count = 0; count < 90; count += 1) await from(`192.0.2.${10 + Math.floor(count / 9)}`, wrong)
  t.equal((await from('192.0.2.2', ROOT_KEY)).statusCode, 429, 'a hundred in all')
  gateway.clock.set(gateway.clock.nowMs() + 60_000)
  t.equal((await from('192.0.2.1', ROOT_KEY)).statusCode, 200, 'a minute later')
})

void t.test('with CONSOLE=off there is no sign-in, and a cookie is nothing', async (t) => {
  const mine = await signed(createGateway(t))
  const off = createGateway(t, { console: undefined })
  t.match((await signIn(off)).json(), { statusCode: 404, code: 'ROUTE_NOT_FOUND' })
  t.equal((await off.internalServer.inject('/console/')).statusCode, 404)
  t.equal(await statusOf(off, mine), 401)
})
