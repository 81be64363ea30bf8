// Owns: subscriptions, their test event and their dead letters on the internal listener.
import type { GatewayEvent, MatchData } from '@wxgw/contracts'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { APPID_A, APPID_B, loggedEvent, NOW_MS, subscription } from './samples.ts'
import { createGateway, keyOf, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'

const PATH = `${PREFIX}/subscriptions`
type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

function call({ request }: Fixture, method: Method, path: string, payload?: object) {
  return request(`${PATH}${path}`, { method, payload })
}

const WEBHOOK = { sink: { kind: 'webhook', url: 'https://crm.example/hooks' } }

void t.test('a webhook secret is answered once, at creation', async (t) => {
  const gateway = createGateway(t)
  const created = await call(gateway, 'PUT', '/crm', { ...WEBHOOK, match: { types: ['wechat.message.*'] } })
  t.equal(created.statusCode, 201)
  t.same(created.json(), {
    name: 'crm',
    match: { types: ['wechat.message.*'] },
    sink: { kind: 'webhook', url: 'https://crm.example/hooks', timeoutMs: 10_000, secret: 'whsec_once' },
    retry: { scheduleSeconds: [5] },
    ...{ reply: false, fallback: null, ordering: 'none', orderingTimeoutSeconds: 60, throttle: null },
    ...{ maxBacklog: 1_000_000, disableAfterSeconds: 432_000, enabled: true, paused: false },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  })
  const changed = await call(gateway, 'PUT', '/crm', WEBHOOK)
  t.equal(changed.statusCode, 200)
  t.notMatch(changed.body, 'whsec')
  t.notMatch((await call(gateway, 'GET', '/crm')).body, 'whsec')
  t.notMatch((await call(gateway, 'GET', '')).body, 'whsec')
})

const DATA: MatchData = {
  MsgType: ['text', 'image'],
  EventKey: { prefix: 'qrscene_' },
  'SendPicsInfo.PicList.item.PicMd5Sum': { exists: true },
  Event: { not: ['LOCATION', ''] },
  事件: [],
}

void t.test('a PATCH changes what it names, and nothing else', async (t) => {
  const gateway = createGateway(t)
  const { fake, request } = gateway
  fake.subscriptions.set('crm', subscription('crm'))
  const patch = (name: string, payload: object) => request(`${PATH}/${name}`, { method: 'PATCH', payload })
  const bodies = [{ enabled: false }, { paused: true }, { enabled: true, paused: false }]
  for (const body of bodies) t.equal((await patch('crm', body)).statusCode, 200)
  t.match(
    fake.callsOf('subscriptions.patch'),
    bodies.map((body) => ['crm', body]),
  )
  for (const body of [{}, [], { paused: 'true' }, { paused: null }, { enabled: 1 }, { paused: true, maxBacklog: 5 }]) {
    t.equal((await patch('crm', body)).statusCode, 400, JSON.stringify(body))
  }
  t.equal((await patch('none', { paused: true })).json().code, 'SUBSCRIPTION_NOT_FOUND')
})

void t.test('a rotated secret is answered, and stands in no other answer and in no line of the log', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.subscriptions.set('crm', subscription('crm'))
  for (const body of [undefined, {}]) {
    const answer = await call(gateway, 'POST', '/crm/rotate-secret', body)
    t.equal(answer.statusCode, 200)
    t.same(answer.json(), { secret: 'whsec_new' })
  }
  t.notMatch((await call(gateway, 'GET', '/crm')).body, 'whsec')
  t.notMatch(JSON.stringify(gateway.lines), 'whsec')
})

void t.test('what was read can be written back', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.subscriptions.set('q', subscription('q', { throttle: { perSecond: 50 }, maxBacklog: 1, paused: true }))
  const match = { authorizers: undefined, types: undefined, data: DATA }
  gateway.fake.subscriptions.set('d', subscription('d', { match }))
  const sink = { kind: 'stream', stream: 'wx:{stream.open1.s}', maxLength: undefined } as const
  gateway.fake.subscriptions.set('s', subscription('s', { sink }))
  for (const name of ['q', 's', 'd']) {
    const read = await call(gateway, 'GET', `/${name}`)
    t.equal(read.statusCode, 200)
    t.equal((await call(gateway, 'PUT', `/${name}`, read.json())).statusCode, 200)
    if (name === 'q') t.match(read.json(), { throttle: { perSecond: 50 }, maxBacklog: 1, paused: true })
    if (name === 'd') t.same(read.json().match, { data: DATA })
  }
})

void t.test('what is no subscription is refused', async (t) => {
  const gateway = createGateway(t)
  const bodies: Array<[string, object]> = [
    ['a short secret', { sink: { ...WEBHOOK.sink, secret: 'abc' } }],
    ['a fraction of a second', { ...WEBHOOK, retry: { scheduleSeconds: [0.5] } }],
    ['a wildcard in the middle', { ...WEBHOOK, match: { types: ['a*b'] } }],
    ['another name', { ...WEBHOOK, name: 'other' }],
    ...[0, -1, 1.5, '5', null, 100_000_001].map((maxBacklog): [string, object] => [
      `maxBacklog ${maxBacklog}`,
      { ...WEBHOOK, maxBacklog },
    ]),
    ...[0, 0.5, '5', 10_001].map((perSecond): [string, object] => [
      `perSecond ${perSecond}`,
      { ...WEBHOOK, throttle: { perSecond } },
    ]),
    ['an empty throttle', { ...WEBHOOK, throttle: {} }],
    ['a throttle per minute', { ...WEBHOOK, throttle: { perSecond: 1, perMinute: 5 } }],
    ['paused as a text', { ...WEBHOOK, paused: 'true' }],
    ...[
      ...['text', 5, null, [5], {}, { prefix: 5 }, { prefix: 'a', exists: true }, { exists: 'true' }, { not: 'a' }],
      ...[{ not: { prefix: 'a' } }, { suffix: 'a' }, ['x'.repeat(257)], { prefix: 'x'.repeat(257) }],
      Array.from({ length: 201 }, String),
    ].map((condition): [string, object] => [
      `data.F ${JSON.stringify(condition).slice(0, 40)}`,
      { ...WEBHOOK, match: { data: { F: condition } } },
    ]),
    ...['', '.', 'a.', '.a', 'a..b', 'a b', 'x'.repeat(65), 'a.b.c.d.e.f.g.h.i'].map((field): [string, object] => [
      `data.${field}`,
      { ...WEBHOOK, match: { data: { [field]: ['x'] } } },
    ]),
  ]
  for (const [name, body] of bodies) {
    const answer = await call(gateway, 'PUT', '/crm', body)
    t.equal(refusalOf(answer), '400 INVALID_REQUEST', name)
  }
  for (const name of ['CRM', '-a', 'a_b', 'a.b', 'a%2fb', 'a'.repeat(64), '%00', '__proto__']) {
    t.equal((await call(gateway, 'PUT', `/${name}`, WEBHOOK)).statusCode, 400, name)
  }
  const xml = await gateway.request(`${PATH}/crm`, {
    method: 'PUT',
    headers: { 'content-type': 'text/xml' },
    payload: '<x/>',
  })
  t.equal(xml.statusCode, 415)
  t.equal(gateway.fake.calls.length, 0)
})

void t.test('what does not exist is 404 on every route', async (t) => {
  const gateway = createGateway(t)
  const rows: Array<[Method, string]> = [
    ['GET', '/none'],
    ['DELETE', '/none'],
    ['POST', '/none/test'],
    ['POST', '/none/rotate-secret'],
    ['GET', '/none/dead-letters'],
    ['POST', '/none/dead-letters/replay'],
    ['DELETE', '/none/dead-letters'],
  ]
  for (const [method, path] of rows) {
    const answer = await call(gateway, method, path)
    t.equal(refusalOf(answer), '404 SUBSCRIPTION_NOT_FOUND', `${method} ${path}`)
  }
})

void t.test('deleting answers 204 with nothing, and 404 the second time', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.subscriptions.set('crm', subscription('crm'))
  const deleted = await call(gateway, 'DELETE', '/crm')
  t.equal(deleted.statusCode, 204)
  t.equal(deleted.body, '')
  t.equal((await call(gateway, 'DELETE', '/crm')).statusCode, 404)
})

void t.test('a test event goes to this subscription alone, with an id of its own', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.subscriptions.set('crm', subscription('crm'))
  const answers = [await call(gateway, 'POST', '/crm/test'), await call(gateway, 'POST', '/crm/test', {})]
  t.same(pluck(answers, 'statusCode'), [202, 202])
  const sent = gateway.fake.callsOf('jobs.platformEvent') as Array<[GatewayEvent, object]>
  const about = { type: 'gateway.subscription.test', source: '/wx/open1', time: '2026-01-01T00:00:00Z' }
  t.match(sent[0]?.[0], { ...about, data: { subscription: 'crm' } })
  t.same(sent[0]?.[1], { receivedAtMs: NOW_MS, only: 'crm' })
  t.same(
    answers.map((answer) => answer.json().eventId),
    sent.map(([event]) => event.id),
  )
  t.not(sent[0]?.[0].id, sent[1]?.[0].id)
})

void t.test('a narrowed right covers its dead letters when the match no longer names the account', async (t) => {
  const only = [APPID_A]
  const grants = { narrow: [{ platforms: undefined, actions: undefined, authorizers: only }] }
  const { internalServer, bearer, fake } = createGateway(t, { grants })
  fake.subscriptions.set('crm', subscription('crm', { match: { authorizers: only, types: undefined } }))
  const url = `${PREFIX}/subscriptions/crm/dead-letters`
  const headers = bearer(keyOf('narrow'))
  const answers = await Promise.all([
    internalServer.inject({ url: `${url}?reason=HTTP%20503`, headers }),
    internalServer.inject({ method: 'POST', url: `${url}/replay`, headers }),
    internalServer.inject({ method: 'DELETE', url: `${url}?ids=d1`, headers }),
  ])
  t.same(pluck(answers, 'statusCode'), [200, 202, 200])
  t.match(fake.callsOf('deadLetters.list'), [['crm', { only, reason: 'HTTP 503' }]])
  t.same(fake.callsOf('deadLetters.replay'), [['crm', undefined, only]])
  t.same(fake.callsOf('deadLetters.discard'), [['crm', ['d1'], only]])
})

void t.test('dead letters are listed, replayed and discarded, some or all', async (t) => {
  const gateway = createGateway(t)
  gateway.fake.subscriptions.set('crm', subscription('crm'))
  const path = '/crm/dead-letters'
  t.same((await call(gateway, 'GET', `${path}?limit=2`)).json(), {
    items: [
      {
        id: 'd1',
        eventId: 'ev_1',
        type: 'wechat.message.text',
        event: { name: 'crm', authorizerappid: APPID_A, data: { MsgType: 'text', Content: 'hi' } },
        attempts: 3,
        lastError: 'status 500',
        failedAt: '2026-01-01T00:00:00.000Z',
      },
    ],
    nextCursor: null,
  })
  const all = await call(gateway, 'POST', `${path}/replay`)
  t.equal(all.statusCode, 202)
  t.same(all.json(), { replayed: 7 })
  t.same((await call(gateway, 'POST', `${path}/replay`, { ids: ['d1', 'd2'] })).json(), { replayed: 2 })
  t.same((await call(gateway, 'POST', `${path}/replay`, { ids: [] })).json(), { replayed: 0 })
  t.same((await call(gateway, 'DELETE', path)).json(), { discarded: 7 })
  t.same((await call(gateway, 'DELETE', `${path}?ids=d1,d2,d3`)).json(), { discarded: 3 })
  t.equal((await call(gateway, 'POST', `${path}/replay`, { ids: 'd1' })).statusCode, 400)
  t.equal((await call(gateway, 'DELETE', `${path}?ids=`)).statusCode, 400, 'an empty list must not mean all')
})

void t.test('matching a given or logged event gives a reason for each mismatch the caller may see', async (t) => {
  const grants = { narrow: [{ platforms: undefined, actions: undefined, authorizers: [APPID_A] }] }
  const gateway = createGateway(t, { grants })
  const { fake, request } = gateway
  const all = { authorizers: undefined, types: undefined }
  fake.subscriptions.set('all', subscription('all'))
  fake.subscriptions.set(
    'data',
    subscription('data', { match: { ...all, data: { MsgType: ['text'], 'Nested.item.a': ['2'] } } }),
  )
  fake.subscriptions.set('of-a', subscription('of-a', { match: { ...all, authorizers: [APPID_A] } }))
  fake.subscriptions.set('of-b', subscription('of-b', { match: { ...all, authorizers: [APPID_B] } }))
  fake.subscriptions.set('off', subscription('off', { enabled: false }))
  fake.subscriptions.set('scan', subscription('scan', { match: { ...all, types: ['wechat.event.scan'] } }))
  const logged = loggedEvent('ev_1')
  fake.events.set('ev_1', logged)
  fake.events.set('ev_b', loggedEvent('ev_b', { authorizerappid: APPID_B }))
  const reasons = Object.entries({
    all: null,
    data: 'match.data.Nested.item.a',
    'of-a': null,
    'of-b': 'match.authorizers',
    off: 'enabled',
    scan: 'match.types',
  })
  const expected = reasons.map(([name, reason]) => ({ subscription: name, matches: reason === null, reason }))
  const { type, authorizerappid, data } = logged.event
  for (const body of [
    { eventId: 'ev_1' },
    { event: logged.event },
    { event: { type, authorizerappid, data, replay: true } },
  ]) {
    const answer = await call(gateway, 'POST', '/match', body)
    t.equal(answer.statusCode, 200)
    t.same(answer.json(), { items: expected })
  }
  t.match((await call(gateway, 'POST', '/match', { event: { type: 'wechat.event.SCAN' } })).json().items, [
    { matches: true },
    { reason: 'match.data.MsgType' },
    { reason: 'match.authorizers' },
    { reason: 'match.authorizers' },
    { reason: 'enabled' },
    { matches: true },
  ])
  const narrow = (payload: object) => request(`${PATH}/match`, { method: 'POST', key: keyOf('narrow'), payload })
  t.same((await narrow({ eventId: 'ev_1' })).json(), { items: [{ subscription: 'of-a', matches: true, reason: null }] })
  const refused = [await narrow({ eventId: 'ev_b' }), await narrow({ eventId: 'ev_0' })]
  t.same(pluck(refused, 'statusCode'), [403, 403])
  t.equal((await call(gateway, 'POST', '/match', { eventId: 'ev_0' })).json().code, 'EVENT_NOT_FOUND')
  for (const body of [
    {},
    { eventId: 'ev_1', event: logged.event },
    { event: {} },
    { event: 'ev_1' },
    { eventId: 5 },
    { event: { type: 'x', data: [] } },
  ]) {
    t.equal((await call(gateway, 'POST', '/match', body)).statusCode, 400, JSON.stringify(body))
  }
})
