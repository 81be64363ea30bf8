// Owns: the event log and replays on the internal listener.
import t from 'tap'
import { APPID_A, loggedEvent } from './fake-platform.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'

const PATH = `${PREFIX}/events`

void t.test('an event is shown with what became of it, nothing left out', async (t) => {
  const gateway = createGateway(t)
  const logged = loggedEvent('ev_1')
  gateway.fake.events.set('ev_1', logged)
  const one = await gateway.internalServer.inject({ url: `${PATH}/ev_1`, headers: gateway.bearer() })
  t.equal(one.statusCode, 200)
  t.same(one.json(), logged)
  const list = await gateway.internalServer.inject({ url: PATH, headers: gateway.bearer() })
  t.same(list.json(), { items: [logged], nextCursor: null })
})

void t.test('filters are handed on; instants are ISO 8601, also when the plus of the zone became a blank', async (t) => {
  const gateway = createGateway(t)
  const query = `authorizer=${APPID_A}&type=wechat.message.*&from=2026-01-01T08:00:00+08:00&to=2026-01-02&limit=5`
  const answer = await gateway.internalServer.inject({ url: `${PATH}?${query}`, headers: gateway.bearer() })
  t.equal(answer.statusCode, 200)
  t.same(gateway.fake.callsOf('events.find'), [
    [
      {
        limit: 5,
        cursor: undefined,
        authorizer: APPID_A,
        type: 'wechat.message.*',
        fromMs: Date.UTC(2026, 0, 1),
        toMs: Date.UTC(2026, 0, 2),
        only: undefined,
      },
    ],
  ])
  for (const bad of ['authorizer=x', 'type=a*b', 'from=yesterday', 'to=2026-13-45', 'from=1e9', 'x=1', 'from=2026-01-01T00:00:00Z&from=2026-01-01']) {
    t.equal((await gateway.internalServer.inject({ url: `${PATH}?${bad}`, headers: gateway.bearer() })).statusCode, 400, bad)
  }
})

void t.test('a replay keeps the id and the time of receipt', async (t) => {
  const gateway = createGateway(t)
  const logged = loggedEvent('ev_1')
  gateway.fake.events.set('ev_1', logged)
  const answer = await gateway.internalServer.inject({ method: 'POST', url: `${PATH}/ev_1/replay`, headers: gateway.bearer() })
  t.equal(answer.statusCode, 202)
  t.same(answer.json(), { eventId: 'ev_1' })
  t.same(gateway.fake.callsOf('inbox.replay'), [[logged.event, Date.parse(logged.receivedAt), undefined]])
})

void t.test('an event that is not remembered is 404', async (t) => {
  const gateway = createGateway(t)
  for (const [method, path] of [['GET', '/ev_0'], ['POST', '/ev_0/replay']] as const) {
    const answer = await gateway.internalServer.inject({ method, url: `${PATH}${path}`, headers: gateway.bearer() })
    t.equal(answer.statusCode, 404)
    t.equal(answer.json().code, 'EVENT_NOT_FOUND')
  }
})
