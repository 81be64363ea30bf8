// Owns: which attempts the event log keeps, and how they are read.
import { createEventLog, type DeliveryChange, type MadeAttempt } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { walk } from '../../helpers/pages.ts'
import { keys, makeEvent, shards, startStore } from './queues-fixture.ts'

const all = { limit: 100, cursor: undefined }
const NOW = Date.now()

async function setUp(t: Test, maxEvents?: number) {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 60, ...(maxEvents ? { maxEvents } : {}) })
  const attempt = (
    subscription: string,
    status: DeliveryChange['status'],
    made: Partial<MadeAttempt> & { attempt: number },
  ) => {
    const outcome = status === 'delivered' ? 'delivered' : 'failed'
    const change = {
      status,
      attempts: made.attempt,
      ...(outcome === 'delivered' ? { deliveredAtMs: NOW } : { lastError: 'HTTP 500' }),
    }
    return log.deliveryChanged({ id: 'ev_1' }, subscription, {
      ...change,
      made: { startedAtMs: NOW, durationMs: 7, outcome, ...made },
    })
  }
  const shown = async () =>
    (await log.attempts('ev_1', all)).items.map(({ subscription, attempt: number }) => `${subscription} ${number}`)
  return { commands, log, attempt, shown }
}

void t.test('the last 20 of each subscription are kept as long as the event, newest first over all', async (t) => {
  const { commands, log, attempt, shown } = await setUp(t)
  await log.record(makeEvent('ev_1'), NOW, ['bi', 'crm'])
  await commands.expire(keys.event('ev_1'), 30)
  const answer = '😀"\n'.repeat(100)
  for (let number = 1; number <= 30; number += 1)
    await attempt('crm', 'retrying', { attempt: number, startedAtMs: NOW + 2 * number, answer })
  await attempt('bi', 'delivered', { attempt: 1, startedAtMs: NOW + 51, httpStatus: 204 })
  t.same(await shown(), [
    ...[30, 29, 28, 27, 26].map((n) => `crm ${n}`),
    'bi 1',
    ...Array.from({ length: 15 }, (_, n) => `crm ${25 - n}`),
  ])
  t.ok((await commands.ttl(keys.attempts('ev_1'))) <= 30)
  const { items } = await log.attempts('ev_1', all)
  const first = {
    at: new Date(NOW + 60).toISOString(),
    durationMs: 7,
    outcome: 'failed',
    httpStatus: null,
    error: null,
    answer,
    nextAttemptAt: null,
  }
  t.match(items[0], first)
  t.match(items[5], { outcome: 'delivered', httpStatus: 204, error: null, answer: null, worker: /.:\d+$/ })
  t.same(await walk((cursor) => log.attempts('ev_1', { limit: 4, cursor })), items, 'the same in pages')
})

void t.test('late, repeated and restarted attempts are kept, each once', async (t) => {
  const { log, attempt, shown } = await setUp(t)
  await log.record(makeEvent('ev_1'), NOW, ['crm'])
  const at = (ms: number) => ({ startedAtMs: NOW + ms })
  for (const _ of ['once', 'and again']) await attempt('crm', 'delivered', { attempt: 1, ...at(1) })
  await attempt('crm', 'delivered', { attempt: 2, ...at(2) })
  await attempt('crm', 'retrying', { attempt: 3, ...at(3) })
  await log.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'pending', attempts: 0 })
  for (const _ of ['once', 'and again'])
    await attempt('crm', 'delivered', { attempt: 1, answer: 'x'.repeat(1_000), ...at(4) })
  t.same(await shown(), ['crm 1', 'crm 3', 'crm 2', 'crm 1'])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'delivered', attempts: 1 }])
  t.notOk(JSON.stringify(await log.find({ ...all })).includes('xxxx'), 'a list reads no answers')
})

void t.test('attempts go with their event, and an unknown event has none', async (t) => {
  const { commands, log, attempt, shown } = await setUp(t, 2)
  await attempt('crm', 'retrying', { attempt: 1 })
  t.same(await shown(), [])
  t.equal(await commands.exists(keys.attempts('ev_1')), 0)
  await log.record(makeEvent('ev_1'), NOW, ['crm'])
  await attempt('crm', 'retrying', { attempt: 1 })
  for (const id of ['ev_2', 'ev_3']) await log.record(makeEvent(id), NOW + 1, [])
  t.same(await shown(), [])
  t.equal(await commands.exists(keys.attempts('ev_1')), 0)
})
