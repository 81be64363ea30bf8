// Owns: who gets in on the internal listener, and what a right that is narrowed to authorizers reaches.
import { GatewayError } from '@wxgw/wechat-core'
import type { LightMyRequestResponse } from 'fastify'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { APPID_A, APPID_B, subscription } from './samples.ts'
import { createGateway, keyOf, PREFIX, ROOT_KEY, refusalOf } from './gateway-fixture.ts'
import { gatewayWith, grantsOf } from './granted-gateway.ts'
import { type Call, CALLS } from './needed-actions.ts'

const QUEUE = { sink: { kind: 'queue' } }
const OF_A = { ...QUEUE, match: { authorizers: [APPID_A] } }

void t.test('without a right key every route answers 401, and asks nothing', async (t) => {
  const { internalServer, fake } = createGateway(t)
  const strangers: Array<[string, Record<string, string>]> = [
    ['no header', {}],
    ['a wrong key', { authorization: `Bearer ${'x'.repeat(40)}` }],
    ['a prefix of the key', { authorization: `Bearer ${ROOT_KEY.slice(0, -1)}` }],
    ['the key and one more', { authorization: `Bearer ${ROOT_KEY}r` }],
    ['an empty key', { authorization: 'Bearer ' }],
    ['two keys', { authorization: `Bearer ${ROOT_KEY} ${ROOT_KEY}` }],
    ['another scheme', { authorization: `Basic ${ROOT_KEY}` }],
    ['no scheme', { authorization: ROOT_KEY }],
    ['a cookie', { cookie: `authorization=${ROOT_KEY}` }],
    ['from a loopback that is none', { 'x-forwarded-for': '127.0.0.1' }],
  ]
  for (const { method, path, payload } of CALLS) {
    for (const [name, headers] of strangers) {
      const answer = await internalServer.inject({
        method,
        url: `${PREFIX}/${path}`,
        headers,
        ...(payload ? { payload } : {}),
      })
      t.equal(refusalOf(answer), '401 UNAUTHENTICATED', `${method} ${path}, ${name}`)
      t.match(answer.headers['www-authenticate'], /^Bearer /)
    }
  }
  t.equal(fake.calls.length, 0)
})

void t.test('the scheme is read without case, the key with', async (t) => {
  const { internalServer } = createGateway(t)
  const get = async (authorization: string) =>
    (await internalServer.inject({ url: `${PREFIX}/authorizers`, headers: { authorization } })).statusCode
  t.equal(await get(`bearer ${ROOT_KEY}`), 200)
  t.equal(await get(`BEARER ${ROOT_KEY}`), 200)
  t.equal(await get(`Bearer ${ROOT_KEY.toUpperCase()}`), 401)
})

void t.test('a key in the query lets nobody in and is not logged', async (t) => {
  const { internalServer, lines } = createGateway(t)
  t.equal((await internalServer.inject(`${PREFIX}/authorizers?key=${ROOT_KEY}`)).statusCode, 401)
  t.notMatch(JSON.stringify(lines), ROOT_KEY)
})

void t.test('a right on another platform opens nothing, whether the platform exists or not', async (t) => {
  const { internalServer, bearer } = gatewayWith(t, { other: grantsOf({ platforms: ['open2'] }) })
  const missing = { url: '/apis/v1/wx/missing/authorizers' }
  t.equal((await internalServer.inject({ ...missing, headers: bearer(keyOf('other')) })).statusCode, 403)
  const answer = await internalServer.inject({ ...missing, headers: bearer() })
  t.equal(refusalOf(answer), '404 PLATFORM_NOT_FOUND')
})

void t.test('a grant for B sees nothing of A: the same 403 whether the thing exists or not', async (t) => {
  const { call } = gatewayWith(t, { b: grantsOf({ authorizers: [APPID_B] }) })
  const pairs: Array<[existing: string, missing: string, payload?: object]> = [
    [`GET access_token/${APPID_A}`, 'GET access_token/wxz000000000000009'],
    [`GET access_token/${APPID_A}`, 'GET access_token/nonsense'],
    [`GET authorizers/${APPID_A}`, 'GET authorizers/wxz000000000000009'],
    ['GET subscriptions/of-a', 'GET subscriptions/missing'],
    ['GET subscriptions/of-all/dead-letters', 'GET subscriptions/missing/dead-letters'],
    ['DELETE subscriptions/of-a', 'DELETE subscriptions/missing'],
    ...['of-a', 'of-all'].flatMap((name): typeof pairs => [
      [`PATCH subscriptions/${name}`, 'PATCH subscriptions/missing', { paused: true }],
      [`POST subscriptions/${name}/rotate-secret`, 'POST subscriptions/missing/rotate-secret'],
    ]),
    ['POST subscriptions/of-a/test', 'POST subscriptions/missing/test'],
    ['GET events/ev_a', 'GET events/ev_missing'],
    ['GET events/ev_component', 'GET events/ev_missing'],
    ['POST events/ev_a/replay', 'POST events/ev_missing/replay'],
    ['GET mpinfo?auth_code=of-a', 'GET mpinfo?auth_code=unknown'],
    ['POST replies/ev_a', 'POST replies/ev_missing', { reply: { MsgType: 'text', Content: 'hi' } }],
  ]
  const answerTo = (written: string, payload?: object) => {
    const [method = '', path = ''] = written.split(' ')
    return call({ method: method as Call['method'], path, ...(payload ? { payload } : {}) }, keyOf('b'))
  }
  const expectAlike = async (
    one: Promise<LightMyRequestResponse>,
    other: Promise<LightMyRequestResponse>,
    name: string,
  ) => {
    t.equal((await one).statusCode, 403, name)
    t.same({ ...(await one).json(), requestId: '' }, { ...(await other).json(), requestId: '' }, name)
  }
  for (const [existing, missing, payload] of pairs)
    await expectAlike(answerTo(existing, payload), answerTo(missing, payload), existing)
  const [logged, none] = ['ev_a', 'ev_missing'].map((eventId) => answerTo('POST subscriptions/match', { eventId }))
  if (logged && none) await expectAlike(logged, none, 'matching an event')
})

void t.test('a narrowed key writes subscriptions that match nobody else, and takes over nobody', async (t) => {
  const { call, fake } = gatewayWith(t, { a: grantsOf({ authorizers: [APPID_A] }) })
  const put = async (path: string, payload: object) =>
    (await call({ method: 'PUT', path: `subscriptions/${path}`, payload }, keyOf('a'))).statusCode
  t.equal(await put('new', QUEUE), 403, 'everybody')
  t.equal(await put('new', { ...QUEUE, match: { authorizers: [] } }), 403, 'an empty list')
  t.equal(await put('new', { ...QUEUE, match: { authorizers: [APPID_A, APPID_B] } }), 403, 'one more')
  t.equal(await put('of-all', OF_A), 403, "somebody's")
  t.same([...fake.subscriptions.keys()], ['of-a', 'of-all'])
  t.equal(await put('new', OF_A), 201)
  t.equal(await put('of-a', OF_A), 200)
})

void t.test('lists show what is granted, over all grants together', async (t) => {
  const { call, fake } = gatewayWith(t, {
    a: grantsOf({ authorizers: [APPID_A] }),
    two: grantsOf({ authorizers: [APPID_A], actions: ['authorizers:read'] }, { authorizers: [APPID_B] }),
    wide: grantsOf({ authorizers: [APPID_A] }, { actions: ['authorizers:read'] }),
  })
  const appids = async (name: string) => {
    const answer = await call({ method: 'GET', path: 'authorizers' }, keyOf(name))
    return (answer.json().items as Array<{ appid: string }>).map(({ appid }) => appid)
  }
  t.same(await appids('a'), [APPID_A])
  t.same(await appids('two'), [APPID_A, APPID_B])
  t.same(await appids('wide'), [APPID_A, APPID_B])
  const { items } = (await call({ method: 'GET', path: 'subscriptions' }, keyOf('a'))).json<{
    items: Array<{ name: string }>
  }>()
  t.same(pluck(items, 'name'), ['of-a'])
  await call({ method: 'GET', path: 'events' }, keyOf('a'))
  t.match(fake.callsOf('events.find')[0]?.[0], { only: [APPID_A] })
})

void t.test('a narrowed right gets links for its own accounts only, and makes WeChat asked for no code', async (t) => {
  const { call, fake } = gatewayWith(t, { a: grantsOf({ authorizers: [APPID_A] }) })
  const refused: Call[] = [
    { method: 'GET', path: 'authurl' },
    { method: 'GET', path: `authurl?biz_appid=${APPID_B}` },
    { method: 'POST', path: 'authurl', payload: {} },
    { method: 'POST', path: 'authurl', payload: { biz_appid: APPID_B } },
    { method: 'GET', path: 'mpinfo?auth_code=unknown' },
    { method: 'GET', path: 'mpinfo?auth_code=of-b' },
  ]
  for (const one of refused) t.equal((await call(one, keyOf('a'))).statusCode, 403, `${one.method} ${one.path}`)
  t.same([fake.callsOf('createAuthorizationUrl'), fake.callsOf('exchangeCode')], [[], []])
})

void t.test('a right that is narrowed replays only to subscriptions that match nothing beyond it', async (t) => {
  const { call, fake } = gatewayWith(t, {
    a: grantsOf({ authorizers: [APPID_A] }),
    both: grantsOf({ authorizers: [APPID_A] }, { authorizers: [APPID_B] }),
  })
  const matching = (authorizers: string[], enabled = true) => ({ match: { authorizers, types: undefined }, enabled })
  for (const [name, change] of Object.entries({
    'a-and-b': matching([APPID_A, APPID_B]),
    'of-b': matching([APPID_B]),
    off: matching([APPID_A], false),
  })) {
    fake.subscriptions.set(name, subscription(name, change))
  }
  for (const key of [keyOf('a'), keyOf('both'), ROOT_KEY])
    t.equal((await call({ method: 'POST', path: 'events/ev_a/replay' }, key)).statusCode, 202)
  const found = fake.callsOf('jobs.replay').map(([, , names]) => names)
  t.same(found, [['of-a'], ['a-and-b', 'of-a'], undefined])
})

void t.test('a subscription counts for the key that creates it', async (t) => {
  const { call, fake } = gatewayWith(t, { a: grantsOf({ authorizers: [APPID_A] }) })
  await call({ method: 'PUT', path: 'subscriptions/new', payload: OF_A }, keyOf('a'))
  t.match(fake.callsOf('subscriptions.put')[0]?.[2], { creator: { name: 'a', maxSubscriptions: 7 } })
  fake.fail('subscriptions.put', new GatewayError('SUBSCRIPTION_LIMIT', 'no more'))
  const refused = await call({ method: 'PUT', path: 'subscriptions/newer', payload: OF_A }, keyOf('a'))
  t.match({ status: refused.statusCode, code: refused.json().code }, { status: 409, code: 'SUBSCRIPTION_LIMIT' })
})

void t.test('health, metrics and documentation want no key', async (t) => {
  const { internalServer } = createGateway(t, { metrics: undefined })
  for (const path of ['/healthz', '/readyz', '/docs', '/docs/', '/openapi.json']) {
    t.ok((await internalServer.inject(path)).statusCode < 400, path)
  }
})
