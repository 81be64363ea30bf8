// Owns: the event log and replays on the internal listener.
import type { LoggedEvent } from '@wxgw/platform'
import t from 'tap'
import { words } from '../../helpers/words.ts'
import { APPID_A, APPID_B, loggedEvent, subscription } from './samples.ts'
import { createGateway, keyOf, PREFIX, refusalOf } from './gateway-fixture.ts'
import { grantsOf } from './granted-gateway.ts'

const PATH = `${PREFIX}/events`
const MATCH_A = { authorizers: [APPID_A], types: undefined }

void t.test('an event is shown with what became of it, nothing left out', async (t) => {
  const gateway = createGateway(t)
  const logged = loggedEvent('ev_1')
  gateway.fake.events.set('ev_1', logged)
  const one = await gateway.request(`${PATH}/ev_1`)
  t.equal(one.statusCode, 200)
  t.same(one.json(), logged)
  t.same((await gateway.request(PATH)).json(), { items: [logged], nextCursor: null })
})

void t.test('filters reach the log; instants are ISO 8601, even with a blank for the plus', async (t) => {
  const gateway = createGateway(t)
  const query = `authorizer=${APPID_A}&type=wechat.message.*&from=2026-01-01T08:00:00+08:00&to=2026-01-02&limit=5`
  t.equal((await gateway.request(`${PATH}?${query}`)).statusCode, 200)
  const handed = {
    authorizer: APPID_A,
    type: 'wechat.message.*',
    fromMs: Date.UTC(2026, 0, 1),
    toMs: Date.UTC(2026, 0, 2),
  }
  const absent = { cursor: undefined, subject: undefined, text: undefined, only: undefined, delivery: undefined }
  t.same(gateway.fake.callsOf('events.find'), [[{ limit: 5, ...handed, ...absent }]])
  for (const bad of words`
    authorizer=x subject=oUSER q=x type=a*b from=yesterday to=2026-13-45 from=1e9 x=1
    from=2026-01-01T00:00:00Z&from=2026-01-01
  `) {
    t.equal((await gateway.request(`${PATH}?${bad}`)).statusCode, 400, bad)
  }
})

void t.test('subscription and status filter one delivery; behind a paused subscription it is paused', async (t) => {
  const { fake, request } = createGateway(t)
  const ofCrm = { subscription: 'crm', status: 'pending', attempts: 0, lastError: null, deliveredAt: null } as const
  fake.events.set('ev_1', { ...loggedEvent('ev_1'), deliveries: [ofCrm, { ...ofCrm, subscription: 'bi' }] })
  fake.subscriptions.set('crm', { ...subscription('crm'), paused: true })
  fake.subscriptions.set('bi', subscription('bi'))
  const waiting = ['pending', 'retrying']
  const expected: Record<string, unknown> = {
    'subscription=bi': { subscriptions: ['bi'] },
    'subscription=gone&status=dead': { subscriptions: ['gone'], statuses: ['dead'] },
    'status=delivered': { subscriptions: ['crm', 'bi'], statuses: ['delivered'] },
    'status=pending': { subscriptions: ['bi'], statuses: ['pending'] },
    'status=paused': { subscriptions: ['crm'], statuses: waiting },
    'subscription=crm&status=paused': { subscriptions: ['crm'], statuses: waiting },
    'subscription=crm&status=pending': { subscriptions: [], statuses: ['pending'] },
    'subscription=bi&status=paused': { subscriptions: [], statuses: waiting },
  }
  for (const [query, delivery] of Object.entries(expected)) {
    const answer = await request(`${PATH}?${query}`)
    t.match(answer.json().items[0].deliveries, [{ status: 'paused' }, { status: 'pending' }])
    t.match(fake.callsOf('events.find').at(-1), [{ delivery }], query)
  }
  t.match((await request(`${PATH}/ev_1`)).json().deliveries, [{ status: 'paused' }, { status: 'pending' }])
  for (const bad of ['status=failed', 'subscription=Crm']) {
    t.equal((await request(`${PATH}?${bad}`)).statusCode, 400, bad)
  }
})

void t.test('a narrowed right sees the deliveries and attempts of the subscriptions that lie within it', async (t) => {
  const READ = ['events:read', 'events:content'] as const
  const grants = { all: grantsOf({ actions: READ }), ofA: grantsOf({ actions: READ, authorizers: [APPID_A] }) }
  const gateway = createGateway(t, { grants })
  const { fake, request } = gateway
  const dead = { status: 'dead', attempts: 1, lastError: 'HTTP 500', deliveredAt: null } as const
  const deliveries = ['of-a', 'of-all', 'gone'].map((name) => ({ subscription: name, ...dead }))
  fake.events.set('ev_a', { ...loggedEvent('ev_a'), deliveries })
  fake.subscriptions.set('of-all', subscription('of-all'))
  fake.subscriptions.set('of-a', { ...subscription('of-a'), paused: true, match: MATCH_A })
  const get = async (caller: string, path: string) => (await request(`${PATH}${path}`, { key: keyOf(caller) })).json()
  const named = (items: Array<{ subscription: string }>) => items.map((item) => item.subscription)
  for (const [caller, names] of [
    ['all', ['of-a', 'of-all', 'gone']],
    ['ofA', ['of-a']],
  ] as const) {
    t.same(named((await get(caller, '')).items[0].deliveries), names)
    t.same(named((await get(caller, '/ev_a')).deliveries), names)
    t.same(named((await get(caller, '/ev_a/attempts')).items), names)
  }
  const expected: Record<string, object> = {
    '?status=dead': { subscriptions: ['of-a'], statuses: ['dead'] },
    '?status=paused': { subscriptions: ['of-a'], statuses: ['pending', 'retrying'] },
    '?subscription=of-all': { subscriptions: [] },
    '?subscription=gone': { subscriptions: [] },
  }
  for (const [query, delivery] of Object.entries(expected)) {
    await get('ofA', query)
    t.match(fake.callsOf('events.find').at(-1), [{ only: [APPID_A], delivery }], query)
  }
})

void t.test('a replay keeps the id and the time of receipt', async (t) => {
  const gateway = createGateway(t)
  const logged = loggedEvent('ev_1')
  gateway.fake.events.set('ev_1', logged)
  const answer = await gateway.request(`${PATH}/ev_1/replay`, { method: 'POST' })
  t.equal(answer.statusCode, 202)
  t.same(answer.json(), { eventId: 'ev_1' })
  t.same(gateway.fake.callsOf('jobs.replay'), [[logged.event, Date.parse(logged.receivedAt), undefined]])
})

void t.test('a replay reaches the named subscriptions that match and that the right covers', async (t) => {
  const matching = (name: string, appId: string) => subscription(name, { match: { ...MATCH_A, authorizers: [appId] } })
  const gateway = createGateway(t, {
    grants: {
      all: grantsOf({ actions: ['events:replay'] }),
      narrowed: grantsOf({ actions: ['events:replay'], authorizers: [APPID_A] }),
    },
  })
  const { fake, request } = gateway
  const logged = loggedEvent('ev_a')
  fake.events.set('ev_a', { ...logged, event: { ...logged.event, authorizerappid: APPID_A } })
  for (const one of [matching('of-a', APPID_A), subscription('crm'), matching('other', APPID_B)])
    fake.subscriptions.set(one.name, one)
  const replay = async (caller: string, subscriptions?: string[]) => {
    const payload = subscriptions === undefined ? {} : { subscriptions }
    const { statusCode } = await request(`${PATH}/ev_a/replay`, { method: 'POST', key: keyOf(caller), payload })
    return statusCode
  }
  const sent = () => fake.callsOf('jobs.replay').at(-1)?.[2]
  t.same([await replay('all', ['crm', 'other', 'crm']), sent()], [202, ['crm']])
  t.same([await replay('narrowed', ['of-a']), sent()], [202, ['of-a']])
  t.same([await replay('narrowed'), sent()], [202, ['of-a']])
  t.equal(await replay('narrowed', ['of-a', 'crm']), 403)
  t.equal(await replay('narrowed', ['nobody']), 403)
  t.equal(await replay('all', ['nobody']), 404)
  t.equal(await replay('all', []), 400)
})

void t.test('an event that is not remembered is 404', async (t) => {
  const gateway = createGateway(t)
  for (const [method, path] of [
    ['GET', '/ev_0'],
    ['POST', '/ev_0/replay'],
  ] as const) {
    const answer = await gateway.request(`${PATH}${path}`, { method })
    t.equal(refusalOf(answer), '404 EVENT_NOT_FOUND')
  }
})

void t.test('events:content shows what users wrote, for granted accounts, on demand', async (t) => {
  const READ = ['events:read', 'subscriptions:read'] as const
  const gateway = createGateway(t, {
    grants: {
      reader: grantsOf({ actions: READ }),
      content: grantsOf({ actions: [...READ, 'events:content'] }),
      ofA: grantsOf({ actions: READ }, { actions: ['events:content'], authorizers: [APPID_A] }),
      ofB: grantsOf({ actions: READ }, { actions: ['events:content'], authorizers: [APPID_B] }),
      elsewhere: grantsOf({ actions: READ }, { actions: ['events:content'], platforms: ['open2'] }),
    },
  })
  const { fake, internalServer, bearer, request } = gateway
  const ofA = loggedEvent('ev_a')
  const few = { MsgType: 'event', Event: 'SCAN', InfoType: 'x', MsgId: '7', CreateTime: '1' }
  const data = { ...few, EventKey: 'k', Content: { deep: ['hi'] } }
  fake.events.set('ev_a', { ...ofA, event: { ...ofA.event, data } })
  fake.events.set('ev_c', { ...ofA, id: 'ev_c', authorizerappid: null, event: componentEvent(data) })
  fake.subscriptions.set('crm', subscription('crm'))
  const [whole, part] = [{ MsgType: 'text', Content: 'hi' }, { MsgType: 'text' }]
  const table: [key: string, query: string, ofA: object, ofNobody: object, dead: object][] = [
    ['root', '', data, data, whole],
    ['root', '?content=true', data, data, whole],
    ['root', '?content=false', few, few, part],
    ['content', '', data, data, whole],
    ['content', '?content=false', few, few, part],
    ['reader', '', few, few, part],
    ['reader', '?content=true', few, few, part],
    ['ofA', '', data, few, whole],
    ['ofB', '', few, few, part],
    ['elsewhere', '', few, few, part],
  ]
  for (const [key, query, ...expected] of table) {
    const get = async (path: string) => {
      const headers = key === 'root' ? bearer() : bearer(keyOf(key))
      const answer = await internalServer.inject({ url: `${PREFIX}/${path}${query}`, headers })
      return answer.json<{ event: { data: object }; items: Array<{ event: { data: object } }> }>()
    }
    const list = (await get('events')).items.map(({ event }) => event.data)
    const single = [(await get('events/ev_a')).event.data, (await get('events/ev_c')).event.data]
    const [dead] = (await get('subscriptions/crm/dead-letters')).items
    const found = [list, single, dead?.event.data]
    t.same(found, [expected.slice(0, 2), expected.slice(0, 2), expected[2]], `${key} ${query}`)
  }
  t.equal((await request(`${PATH}?content=no`)).statusCode, 400)
})

function componentEvent(data: Record<string, unknown>): LoggedEvent['event'] {
  const { authorizerappid: _none, ...event } = loggedEvent('ev_c').event
  return { ...event, data }
}

void t.test('a platform without an event log says so on every route that reads it', async (t) => {
  const { fake, internalServer, bearer, request } = createGateway(t, {
    grants: { ofA: grantsOf({ authorizers: [APPID_A] }) },
  })
  fake.keepsEventLog = false
  const calls = [
    ['GET', 'events', undefined],
    ['GET', 'events/ev_1', undefined],
    ['POST', 'events/ev_1/replay', undefined],
    ['POST', 'subscriptions/match', { eventId: 'ev_1' }],
    ['DELETE', `events?authorizer=${APPID_A}&subject=oUSER`, undefined],
  ] as const
  for (const [method, path, payload] of calls) {
    for (const headers of [bearer(), bearer(keyOf('ofA'))]) {
      const answer = await internalServer.inject({
        method,
        url: `${PREFIX}/${path}`,
        headers,
        ...(payload ? { payload } : {}),
      })
      t.same([answer.statusCode, answer.json().code], [409, 'EVENT_LOG_OFF'], path)
    }
  }
  const event = { type: 'wechat.message.text' }
  const given = await request(`${PREFIX}/subscriptions/match`, { method: 'POST', payload: { event } })
  t.equal(given.statusCode, 200)
})

void t.test('the content of one user is erased, by the account and the openid alone', async (t) => {
  const { fake, request } = createGateway(t)
  const erase = (query: string) => request(`${PATH}${query}`, { method: 'DELETE' })
  const answer = await erase(`?authorizer=${APPID_A}&subject=oUSER`)
  t.equal(answer.statusCode, 202)
  t.same(answer.json(), { erased: 3 })
  t.same(fake.callsOf('erasure.begin'), [[{ authorizer: APPID_A, subject: 'oUSER' }]])
  for (const bad of [
    '',
    `?authorizer=${APPID_A}`,
    '?subject=oUSER',
    '?authorizer=x&subject=oUSER',
    `?authorizer=${APPID_A}&subject=`,
    `?authorizer=${APPID_A}&subject=oUSER&type=x`,
  ]) {
    t.equal((await erase(bad)).statusCode, 400, bad)
  }
  t.equal(fake.callsOf('erasure.begin').length, 1)
})
