// Owns: who gets in on the internal listener, and the matrix of grants over routes.
import type { Action, Grant } from '@wxgw/runtime'
import t from 'tap'
import { APPID_A, APPID_B, loggedEvent, subscription } from './fake-platform.ts'
import { createGateway, keyOf, PREFIX, ROOT_KEY } from './gateway-fixture.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Route = { method: Method; path: string; action: Action | undefined; payload?: object }

const QUEUE = { sink: { kind: 'queue' } }
const OF_A = { ...QUEUE, match: { authorizers: [APPID_A] } }

const REPLY = { reply: { MsgType: 'text', Content: 'hi' } }

/** Every route that wants a key, as it is called for authorizer A. */
const ROUTES: Route[] = [
  { method: 'GET', path: 'authurl', action: undefined },
  { method: 'POST', path: 'authurl', action: undefined, payload: {} },
  { method: 'GET', path: 'mpinfo?auth_code=c1', action: 'tokens:read' },
  { method: 'GET', path: `access_token/${APPID_A}`, action: 'tokens:read' },
  { method: 'POST', path: `access_token/${APPID_A}/invalid`, action: 'tokens:read', payload: { token: 'x' } },
  { method: 'GET', path: `ticket/${APPID_A}?type=jsapi`, action: 'tokens:read' },
  { method: 'GET', path: `jssdk_config/${APPID_A}?url=https://a.example`, action: 'tokens:read' },
  { method: 'GET', path: 'authorizers', action: 'authorizers:read' },
  { method: 'GET', path: `authorizers/${APPID_A}`, action: 'authorizers:read' },
  { method: 'POST', path: 'authorizers/sync', action: 'authorizers:sync' },
  { method: 'GET', path: 'subscriptions', action: 'subscriptions:read' },
  { method: 'GET', path: 'subscriptions/of-a', action: 'subscriptions:read' },
  { method: 'GET', path: 'subscriptions/of-a/dead-letters', action: 'subscriptions:read' },
  { method: 'PUT', path: 'subscriptions/of-a', action: 'subscriptions:write', payload: OF_A },
  { method: 'POST', path: 'subscriptions/of-a/test', action: 'subscriptions:write' },
  { method: 'POST', path: 'subscriptions/of-a/dead-letters/replay', action: 'subscriptions:write', payload: {} },
  { method: 'DELETE', path: 'subscriptions/of-a/dead-letters', action: 'subscriptions:write' },
  { method: 'DELETE', path: 'subscriptions/of-a', action: 'subscriptions:write' },
  { method: 'GET', path: 'events', action: 'events:read' },
  { method: 'GET', path: 'events/ev_a', action: 'events:read' },
  { method: 'POST', path: 'events/ev_a/replay', action: 'events:replay' },
  { method: 'POST', path: 'replies/ev_a', action: 'replies:write', payload: REPLY },
]

const ALL = undefined
const grantsOf = (...grants: Array<Partial<Grant>>): Grant[] => {
  return grants.map((grant) => ({ platforms: ALL, authorizers: ALL, actions: ALL, ...grant }))
}

function gatewayWith(t: Parameters<typeof createGateway>[0], grants: Record<string, readonly Grant[]>) {
  const gateway = createGateway(t, { grants })
  const { fake, internalServer, bearer } = gateway
  fake.subscriptions.set('of-a', subscription('of-a', { match: { authorizers: [APPID_A], types: undefined } }))
  fake.subscriptions.set('of-all', subscription('of-all'))
  fake.events.set('ev_a', loggedEvent('ev_a'))
  fake.replyOutcomes.set('ev_a', 'accepted')
  fake.events.set('ev_component', loggedEvent('ev_component', { authorizerappid: null }))
  const call = async ({ method, path, payload }: Omit<Route, 'action'>, key: string) => {
    const answer = await internalServer.inject({ method, url: `${PREFIX}/${path}`, headers: bearer(key), ...(payload ? { payload } : {}) })
    return answer
  }
  return { ...gateway, call }
}

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
  for (const { method, path, payload } of [...ROUTES, { method: 'GET' as const, path: 'component_access_token', payload: undefined }]) {
    for (const [name, headers] of strangers) {
      const answer = await internalServer.inject({ method, url: `${PREFIX}/${path}`, headers, ...(payload ? { payload } : {}) })
      t.equal(answer.statusCode, 401, `${method} ${path}, ${name}`)
      t.equal(answer.json().code, 'UNAUTHENTICATED')
      t.match(answer.headers['www-authenticate'], /^Bearer /)
    }
  }
  t.equal(fake.calls.length, 0)
})

void t.test('the scheme is read without case, the key with', async (t) => {
  const { internalServer } = createGateway(t)
  const get = async (authorization: string) => (await internalServer.inject({ url: `${PREFIX}/authorizers`, headers: { authorization } })).statusCode
  t.equal(await get(`bearer ${ROOT_KEY}`), 200)
  t.equal(await get(`BEARER ${ROOT_KEY}`), 200)
  t.equal(await get(`Bearer ${ROOT_KEY.toUpperCase()}`), 401)
})

void t.test('a key in the query lets nobody in and is not logged', async (t) => {
  const { internalServer, lines } = createGateway(t)
  t.equal((await internalServer.inject(`${PREFIX}/authorizers?key=${ROOT_KEY}`)).statusCode, 401)
  t.notMatch(JSON.stringify(lines), ROOT_KEY)
})

void t.test('each action opens its routes and no other', async (t) => {
  const actions = [...new Set(ROUTES.flatMap(({ action }) => action ?? []))]
  for (const action of actions) {
    const { call } = gatewayWith(t, { one: grantsOf({ actions: [action] }) })
    for (const route of ROUTES) {
      const { statusCode } = await call(route, keyOf('one'))
      const open = route.action === undefined || route.action === action
      t.equal(statusCode < 300, open, `${action}: ${route.method} ${route.path} answered ${statusCode}`)
      if (!open) t.equal(statusCode, 403)
    }
  }
})

void t.test('a grant on another platform opens nothing, whether the platform exists or not', async (t) => {
  const { call, internalServer, bearer, fake } = gatewayWith(t, { other: grantsOf({ platforms: ['open2'] }), nothing: [] })
  for (const name of ['other', 'nothing']) {
    for (const route of ROUTES) t.equal((await call(route, keyOf(name))).statusCode, 403, `${name}: ${route.path}`)
  }
  t.equal(fake.calls.length, 0)
  const missing = { url: '/apis/v1/wx/missing/authorizers' }
  t.equal((await internalServer.inject({ ...missing, headers: bearer(keyOf('other')) })).statusCode, 403)
  const answer = await internalServer.inject({ ...missing, headers: bearer() })
  t.equal(answer.statusCode, 404)
  t.equal(answer.json().code, 'PLATFORM_NOT_FOUND')
})

void t.test('a grant for A opens everything that is about A alone', async (t) => {
  const { call } = gatewayWith(t, { a: grantsOf({ authorizers: [APPID_A] }) })
  for (const route of ROUTES) t.ok((await call(route, keyOf('a'))).statusCode < 300, `${route.method} ${route.path}`)
})

void t.test('a grant for B sees nothing of A: the same 403 whether the thing exists or not', async (t) => {
  const { call } = gatewayWith(t, { b: grantsOf({ authorizers: [APPID_B] }) })
  const pairs: Array<[Omit<Route, 'action'>, Omit<Route, 'action'>]> = [
    [{ method: 'GET', path: `access_token/${APPID_A}` }, { method: 'GET', path: 'access_token/wxz000000000000009' }],
    [{ method: 'GET', path: `access_token/${APPID_A}` }, { method: 'GET', path: 'access_token/nonsense' }],
    [{ method: 'GET', path: `authorizers/${APPID_A}` }, { method: 'GET', path: 'authorizers/wxz000000000000009' }],
    [{ method: 'GET', path: 'subscriptions/of-a' }, { method: 'GET', path: 'subscriptions/missing' }],
    [{ method: 'GET', path: 'subscriptions/of-all/dead-letters' }, { method: 'GET', path: 'subscriptions/missing/dead-letters' }],
    [{ method: 'DELETE', path: 'subscriptions/of-a' }, { method: 'DELETE', path: 'subscriptions/missing' }],
    [{ method: 'POST', path: 'subscriptions/of-a/test' }, { method: 'POST', path: 'subscriptions/missing/test' }],
    [{ method: 'GET', path: 'events/ev_a' }, { method: 'GET', path: 'events/ev_missing' }],
    [{ method: 'GET', path: 'events/ev_component' }, { method: 'GET', path: 'events/ev_missing' }],
    [{ method: 'POST', path: 'events/ev_a/replay' }, { method: 'POST', path: 'events/ev_missing/replay' }],
    [{ method: 'POST', path: 'replies/ev_a', payload: REPLY }, { method: 'POST', path: 'replies/ev_missing', payload: REPLY }],
  ]
  for (const [existing, missing] of pairs) {
    const [one, other] = [await call(existing, keyOf('b')), await call(missing, keyOf('b'))]
    t.equal(one.statusCode, 403, existing.path)
    t.same({ ...one.json(), requestId: '' }, { ...other.json(), requestId: '' }, existing.path)
  }
})

void t.test('a narrowed key writes subscriptions that match nobody else, and takes over nobody', async (t) => {
  const { call, fake } = gatewayWith(t, { a: grantsOf({ authorizers: [APPID_A] }) })
  const put = async (path: string, payload: object) => (await call({ method: 'PUT', path: `subscriptions/${path}`, payload }, keyOf('a'))).statusCode
  t.equal(await put('new', QUEUE), 403, 'everybody')
  t.equal(await put('new', { ...QUEUE, match: { authorizers: [] } }), 403, 'an empty list')
  t.equal(await put('new', { ...QUEUE, match: { authorizers: [APPID_A, APPID_B] } }), 403, 'one more')
  t.equal(await put('of-all', OF_A), 403, "somebody's")
  t.equal(fake.callsOf('subscriptions.put').length, 0)
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
  const { items } = (await call({ method: 'GET', path: 'subscriptions' }, keyOf('a'))).json<{ items: Array<{ name: string }> }>()
  t.same(
    items.map(({ name }) => name),
    ['of-a'],
  )
  await call({ method: 'GET', path: 'events' }, keyOf('a'))
  t.match(fake.callsOf('events.find')[0]?.[0], { only: [APPID_A] })
})

void t.test("the component's token needs a right that is not narrowed to authorizers", async (t) => {
  const { call } = gatewayWith(t, {
    narrow: grantsOf({ authorizers: [APPID_A] }),
    wide: grantsOf({ actions: ['tokens:read'] }),
    other: grantsOf({ actions: ['authorizers:read'] }),
  })
  const get = async (key: string) => (await call({ method: 'GET', path: 'component_access_token' }, key)).statusCode
  t.equal(await get(keyOf('narrow')), 403)
  t.equal(await get(keyOf('other')), 403)
  t.equal(await get(keyOf('wide')), 200)
  t.equal(await get(ROOT_KEY), 200)
})

void t.test('health, metrics and documentation want no key', async (t) => {
  const { internalServer } = createGateway(t, { metrics: undefined })
  for (const path of ['/healthz', '/readyz', '/docs', '/docs/', '/openapi.json']) {
    t.ok((await internalServer.inject(path)).statusCode < 400, path)
  }
})
