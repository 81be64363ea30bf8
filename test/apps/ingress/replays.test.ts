// Owns: replays of a subscription on the internal listener: what may be asked for, who may ask, and what is shown.
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { APPID_A, NOW_MS, replay, subscription } from './samples.ts'
import { createGateway, keyOf, PREFIX } from './gateway-fixture.ts'
import { grantsOf } from './granted-gateway.ts'

const PATH = `${PREFIX}/subscriptions/crm/replays`
const RANGE = { from: '2026-01-01T08:00:00+08:00', to: '2026-01-02' }
const RANGE_MS = { fromMs: Date.UTC(2026, 0, 1), toMs: Date.UTC(2026, 0, 2) }

void t.test('what is left out has its default, and what has no bound of its own is refused', async (t) => {
  const { fake, request } = createGateway(t)
  const crm = subscription('crm')
  fake.subscriptions.set('crm', crm)
  const begin = (payload: object) => request(PATH, { method: 'POST', payload })
  const answer = await begin(RANGE)
  t.equal(answer.statusCode, 202)
  t.same(answer.json(), { replayId: 'r0a', matched: 3 })
  const none = { types: undefined, authorizers: undefined, subject: undefined }
  t.same(fake.callsOf('replays.begin').at(-1), [
    crm,
    { ...RANGE_MS, ...none, onlyUndelivered: true, ratePerSecond: 50 },
  ])
  const all = {
    types: ['wechat.*'],
    authorizers: [APPID_A],
    subject: 'oUSER',
    onlyUndelivered: false,
    ratePerSecond: 1_000,
  }
  t.equal((await begin({ ...RANGE, ...all })).statusCode, 202)
  t.same(fake.callsOf('replays.begin').at(-1), [crm, { ...RANGE_MS, ...all }])
  const refused: object[] = [
    { from: RANGE.from },
    { to: RANGE.to },
    { from: RANGE.to, to: '2026-01-01' },
    { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:01Z' },
    { ...RANGE, ratePerSecond: 0 },
    { ...RANGE, ratePerSecond: 1_001 },
    { ...RANGE, ratePerSecond: 1.5 },
    { ...RANGE, onlyUndelivered: 'false' },
    { ...RANGE, types: Array.from({ length: 101 }, () => '*') },
    { ...RANGE, authorizers: ['x'] },
    { ...RANGE, ids: [] },
  ]
  for (const payload of refused) t.equal((await begin(payload)).statusCode, 400, JSON.stringify(payload))
  t.equal(fake.callsOf('replays.begin').length, 2)
})

void t.test('a replay pauses with its paused or disabled subscription; an ended one never changes', async (t) => {
  const { fake, request } = createGateway(t)
  const call = async (path: string, method: 'GET' | 'POST' = 'GET') => {
    const answer = await request(`${PATH}${path}`, { method })
    return { status: answer.statusCode, body: answer.json() }
  }
  fake.replays
    .set('crm r0a', replay('crm'))
    .set('crm r0b', replay('crm', { id: 'r0b', status: 'completed', endedAtMs: NOW_MS }))
  for (const [switches, status] of [
    [{}, 'running'],
    [{ paused: true }, 'paused'],
    [{ enabled: false }, 'paused'],
  ] as const) {
    fake.subscriptions.set('crm', subscription('crm', switches))
    t.match((await call('/r0a')).body, {
      replayId: 'r0a',
      status,
      at: new Date(NOW_MS).toISOString(),
      endedAt: null,
      matched: 3,
    })
    t.match((await call('')).body, {
      items: [{ status }, { status: 'completed', endedAt: new Date(NOW_MS).toISOString() }],
      nextCursor: null,
    })
  }
  for (const change of ['pause', 'resume', 'cancel']) {
    t.match(await call(`/r0a/${change}`, 'POST'), { status: 200, body: { replayId: 'r0a' } })
    t.match(await call(`/r0b/${change}`, 'POST'), { status: 409, body: { code: 'REPLAY_ENDED' } })
    t.match(await call(`/r0c/${change}`, 'POST'), { status: 404, body: { code: 'REPLAY_NOT_FOUND' } })
  }
  t.match(await call('/r0c'), { status: 404, body: { code: 'REPLAY_NOT_FOUND' } })
})

void t.test('a narrowed right cannot tell a foreign replay from none; without a log there is none', async (t) => {
  const gateway = createGateway(t, {
    grants: { narrowed: grantsOf({ actions: ['events:replay'], authorizers: [APPID_A] }) },
  })
  const { fake, internalServer, bearer, request } = gateway
  fake.subscriptions.set('crm', subscription('crm'))
  const answers = await Promise.all(
    ['crm', 'nobody'].flatMap((name) => {
      const url = `${PREFIX}/subscriptions/${name}/replays`
      const headers = bearer(keyOf('narrowed'))
      return [
        internalServer.inject({ method: 'POST', url, headers, payload: RANGE }),
        internalServer.inject({ url, headers }),
        internalServer.inject({ url: `${url}/r0a`, headers }),
        internalServer.inject({ method: 'POST', url: `${url}/r0a/cancel`, headers }),
      ]
    }),
  )
  t.same(
    pluck(answers, 'statusCode'),
    answers.map(() => 403),
  )
  t.equal(new Set(answers.map((answer) => answer.json().message)).size, 1)
  fake.keepsEventLog = false
  const off = await request(PATH, { method: 'POST', payload: RANGE })
  t.match([off.statusCode, off.json().code], [409, 'EVENT_LOG_OFF'])
})
