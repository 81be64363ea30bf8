// Owns: what the processes count, on the internal listener.
import t from 'tap'
import { NOW_MS } from './samples.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'

void t.test('statistics are asked for by time and step', async (t) => {
  const { fake, request } = createGateway(t)
  const get = (query: string) => request(`${PREFIX}/statistics${query}`)
  const answer = await get('')
  t.equal(answer.statusCode, 200)
  const sums = { pushes: 3, duplicates: 1, delivered: 2, failed: 0, dead: 0, refreshed: 0, refreshFailed: 0 }
  t.same(answer.json(), { items: [{ at: '2026-01-01T00:00:00.000Z', ...sums }] })
  await get('?from=2026-01-01T00:00:00Z&to=2026-01-01T09:00:00+08:00&step=3600')
  await get('?step=60')
  t.same(fake.callsOf('statistics.read'), [
    [{ fromMs: undefined, toMs: undefined, stepMs: 60_000 }],
    [{ fromMs: NOW_MS, toMs: NOW_MS + 3_600_000, stepMs: 3_600_000 }],
    [{ fromMs: undefined, toMs: undefined, stepMs: 60_000 }],
  ])
  for (const bad of ['?step=30', '?step=', '?from=yesterday', '?to=2026-13-01', '?limit=5'])
    t.equal((await get(bad)).statusCode, 400, bad)
})

void t.test('refused pushes are listed by code', async (t) => {
  const { request } = createGateway(t)
  const answer = await request(`${PREFIX}/refused-pushes`)
  t.equal(answer.statusCode, 200)
  const item = { code: 'SIGNATURE_MISMATCH', count1h: 2, lastAt: '2026-01-01T00:00:00.000Z', lastAddress: '192.0.2.1' }
  t.same(answer.json(), { items: [item] })
})
