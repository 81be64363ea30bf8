// Owns: what the event log remembers, for how long, and how it is searched.
import { sinkStream } from '@wxgw/contracts'
import { createEventLog, createSinkWriter, type EventFilter, type EventLog } from '@wxgw/redis'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { APP_ID, keys, makeEvent, picture, startStore } from './queues-fixture.ts'

const OTHER = 'wxfedcba9876543210'
const all: EventFilter = { limit: 100, cursor: undefined }
const idsOf = async (log: EventLog, filter: Partial<EventFilter>) => (await log.find({ ...all, ...filter })).items.map(({ id }) => id)

void t.test('an event is remembered with everybody who is to get it, and a repeat loses nothing', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const receivedAtMs = Date.now()
  await log.record(makeEvent('ev_1'), receivedAtMs, ['crm', 'bi'])
  await log.deliveryChanged('ev_1', 'crm', { status: 'delivered', attempts: 1, deliveredAtMs: receivedAtMs + 5 })
  await log.record(makeEvent('ev_1'), receivedAtMs + 1000, ['crm', 'new'])
  t.same(await log.get('ev_1'), {
    id: 'ev_1',
    type: 'wechat.message.text',
    source: `/wx/open1/${APP_ID}`,
    subject: 'oOPENID',
    authorizerappid: APP_ID,
    time: '2026-01-01T00:00:00Z',
    receivedAt: new Date(receivedAtMs).toISOString(),
    event: makeEvent('ev_1'),
    deliveries: [
      { subscription: 'bi', status: 'pending', attempts: 0, lastError: null, deliveredAt: null },
      { subscription: 'crm', status: 'delivered', attempts: 1, lastError: null, deliveredAt: new Date(receivedAtMs + 5).toISOString() },
      { subscription: 'new', status: 'pending', attempts: 0, lastError: null, deliveredAt: null },
    ],
  })
  t.equal((await log.find(all)).items.length, 1)
  t.equal(await log.get('unknown'), undefined)
})

void t.test('an event goes into the streams of subscriptions as it is recorded, and stands there as delivered', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const event = makeEvent('ev_1')
  const stream = sinkStream('open1', 'bi')
  const streams = [{ subscription: 'bi', stream, maxLength: undefined }]
  const before = Date.now()
  t.same(await log.record(event, before, ['bi', 'crm'], { direct: streams }), ['bi'])
  const [entry] = await commands.xrange(stream, '-', '+')
  t.same(entry?.[1], ['id', 'ev_1', 'type', event.type, 'event', JSON.stringify(event)])
  const deliveries = (await log.get('ev_1'))?.deliveries ?? []
  t.match(deliveries, [
    { subscription: 'bi', status: 'delivered', attempts: 1, lastError: null },
    { subscription: 'crm', status: 'pending', attempts: 0 },
  ])
  t.ok(Date.parse(deliveries[0]?.deliveredAt ?? '') >= before)
})

void t.test('the same arrival of an event is appended once, another arrival again', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const stream = sinkStream('open1', 'bi')
  const added = sinkStream('open1', 'new')
  const streams = [{ subscription: 'bi', stream, maxLength: undefined }]
  const at = Date.now()
  for (let run = 0; run < 3; run += 1) t.same(await log.record(makeEvent('ev_1'), at, ['bi'], { direct: streams }), ['bi'])
  t.equal(await commands.xlen(stream), 1)
  const both = [...streams, { subscription: 'new', stream: added, maxLength: undefined }]
  t.same(await log.record(makeEvent('ev_1'), at, ['bi', 'new'], { direct: both }), ['bi', 'new'])
  t.same([await commands.xlen(stream), await commands.xlen(added)], [1, 1])
  await log.record(makeEvent('ev_1'), at + 1, ['bi'], { direct: streams })
  t.equal(await commands.xlen(stream), 2)
})

void t.test('streams are trimmed to what each may hold, many events in one step', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const bounded = { subscription: 'bi', stream: sinkStream('open1', 'bi'), maxLength: 3 }
  const whole = { subscription: 'crm', stream: sinkStream('open1', 'crm'), maxLength: undefined }
  const ids = Array.from({ length: 60 }, (_, n) => `ev_${n}`)
  await Promise.all(
    ids.map((id, n) => log.record(makeEvent(id), Date.now(), ['bi', 'crm', 'hook'], { direct: n % 2 === 0 ? [bounded, whole] : [whole] })),
  )
  const idsIn = async (stream: string) => (await commands.xrange(stream, '-', '+')).map(([, [, id]]) => id)
  t.same(await idsIn(whole.stream), ids)
  t.same(await idsIn(bounded.stream), ['ev_54', 'ev_56', 'ev_58'])
  t.match((await log.get('ev_1'))?.deliveries.map(({ status }) => status), ['pending', 'delivered', 'pending'])
})

void t.test('a stream that takes nothing leaves its own delivery pending, and no other', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const broken = { subscription: 'bi', stream: sinkStream('open1', 'bi'), maxLength: undefined }
  const sound = { subscription: 'crm', stream: sinkStream('open1', 'crm'), maxLength: undefined }
  await commands.set(broken.stream, 'no stream')
  const record = () => log.record(makeEvent('ev_1'), 1, ['bi', 'crm'], { direct: [broken, sound] })
  t.same(await record(), ['crm'])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'pending' }, { status: 'delivered' }])
  await commands.del(broken.stream)
  t.same(await record(), ['bi', 'crm'])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'delivered' }, { status: 'delivered' }])
  t.same([await commands.xlen(broken.stream), await commands.xlen(sound.stream)], [1, 1])
})

void t.test('an event goes into the queues of subscriptions as it is recorded, as if it were added by itself', async (t) => {
  const { commands, queues } = await startStore(t)
  const writer = createSinkWriter({ queues, redis: commands })
  const log = createEventLog({ redis: commands, keys, queues, eventLogSeconds: 60 })
  const event = makeEvent('ev_1')
  await writer.addToConsumerQueue({ queue: '{theirs}', jobId: event.id, name: event.type, data: event })
  const direct = [{ subscription: 'crm', queue: '{ours}' }]
  t.same(await log.record(event, 1, ['bi', 'crm'], { direct }), ['crm'])
  t.same(await picture(commands, '{ours}'), await picture(commands, '{theirs}'))
  t.match((await log.get('ev_1'))?.deliveries, [{ subscription: 'bi', status: 'pending' }, { subscription: 'crm', status: 'delivered', attempts: 1 }])
})

void t.test('the same arrival of an event is one job, and so is another arrival while the job is kept', async (t) => {
  const { commands, queues } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, queues, eventLogSeconds: 60 })
  const direct = [{ subscription: 'crm', queue: '{crm}' }]
  for (const receivedAtMs of [1, 1, 2]) t.same(await log.record(makeEvent('ev_1'), receivedAtMs, ['crm'], { direct }), ['crm'])
  t.equal(await queues.open('{crm}').getWaitingCount(), 1)
  await queues.open('{crm}').obliterate()
  t.same(await log.record(makeEvent('ev_1'), 1, ['crm'], { direct }), ['crm'])
  t.equal(await queues.open('{crm}').getWaitingCount(), 0)
})

void t.test('many events of one step stand in several queues and streams in their order', async (t) => {
  const { commands, queues } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, queues, eventLogSeconds: 60 })
  const stream = sinkStream('open1', 'bi')
  const ids = Array.from({ length: 60 }, (_, n) => `ev_${n}`)
  const others = ids.filter((_, n) => n % 3 === 0)
  await Promise.all(
    ids.map((id) => {
      const crm = { subscription: 'crm', queue: '{crm}' }
      const bi = { subscription: 'bi', stream, maxLength: undefined }
      const erp = { subscription: 'erp', queue: '{erp}' }
      return log.record(makeEvent(id), Date.now(), ['bi', 'crm', 'erp'], { direct: others.includes(id) ? [crm, bi, erp] : [crm, bi] })
    }),
  )
  const idsIn = async (queue: string) => (await queues.open(queue).getWaiting()).map((job) => job.id)
  t.same(await idsIn('{crm}'), ids)
  t.same(await idsIn('{erp}'), others)
  t.equal(await commands.xlen(stream), ids.length)
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'delivered' }, { status: 'delivered' }, { status: 'pending' }])
})

void t.test('a queue whose keys are something else gets nothing at all, and the others get theirs', async (t) => {
  const { commands, queues } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, queues, eventLogSeconds: 60 })
  const direct = [{ subscription: 'bi', queue: '{broken}' }, { subscription: 'crm', queue: '{crm}' }]
  await commands.set('bull:{broken}:wait', 'no list')
  t.same(await log.record(makeEvent('ev_1'), 1, ['bi', 'crm'], { direct }), ['crm'])
  t.same(await commands.keys('bull:{broken}:*'), ['bull:{broken}:wait'])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'pending' }, { status: 'delivered' }])
  await commands.del('bull:{broken}:wait')
  t.same(await log.record(makeEvent('ev_1'), 1, ['bi', 'crm'], { direct }), ['bi', 'crm'])
})

void t.test('a Redis that refuses the script over a queue still records the event, and is not asked so again', async (t) => {
  const { commands, queues } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, queues, eventLogSeconds: 60 })
  await commands.set('bull:{broken}:id', 'no number')
  const record = (id: string, queue: string) => log.record(makeEvent(id), 1, ['crm'], { direct: [{ subscription: 'crm', queue }] })
  t.same(await record('ev_1', '{broken}'), [])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'pending' }])
  t.same(await record('ev_2', '{sound}'), [])
  t.equal(await queues.open('{sound}').getWaitingCount(), 0)
})

void t.test('every key of the log expires, and a forgotten event is not brought back by a late delivery', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 1 })
  await log.record(makeEvent('ev_1'), Date.now(), ['crm'])
  const written = await commands.keys('*')
  t.equal(written.length, 3)
  for (const key of written) t.ok((await commands.pttl(key)) > 0, key)
  await until('all is forgotten', async () => (await commands.keys('*')).length === 0)
  await log.deliveryChanged('ev_1', 'crm', { status: 'delivered', attempts: 1 })
  t.same(await commands.keys('*'), [])
})

void t.test('the index loses what is too old and, above its cap, the oldest with all that belongs to it', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60, maxEvents: 5 })
  const now = Date.now()
  await log.record(makeEvent('ev_old'), now - 61_000, [])
  t.same(await commands.zrange(keys.events, '0', '-1'), [])
  for (let n = 0; n < 8; n += 1) await log.record(makeEvent(`ev_${n}`), now + n, [])
  t.same(await idsOf(log, {}), ['ev_7', 'ev_6', 'ev_5', 'ev_4', 'ev_3'])
  t.equal(await log.get('ev_2'), undefined)
  t.equal(await commands.zcard(keys.eventsOfAuthorizer(APP_ID)), 5)
})

void t.test('what became of a delivery never goes back, until it is pending anew', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  await log.record(makeEvent('ev_1'), Date.now(), ['crm'])
  const status = async () => (await log.get('ev_1'))?.deliveries.map((delivery) => `${delivery.status} ${delivery.attempts} ${delivery.lastError}`)[0]
  const change = (to: 'pending' | 'retrying' | 'delivered' | 'dead' | 'discarded', attempts: number, lastError?: string) =>
    log.deliveryChanged('ev_1', 'crm', { status: to, attempts, lastError })
  await change('retrying', 2, 'HTTP 502')
  await change('retrying', 1, 'HTTP 500')
  t.equal(await status(), 'retrying 2 HTTP 502')
  await change('dead', 3, 'HTTP 503')
  await change('retrying', 3, 'HTTP 503')
  t.equal(await status(), 'dead 3 HTTP 503')
  await change('discarded', 3, 'HTTP 503')
  await change('dead', 3, 'HTTP 503')
  t.equal(await status(), 'discarded 3 HTTP 503')
  await change('pending', 0)
  await change('delivered', 1)
  await change('retrying', 1, 'late')
  await change('dead', 1, 'late')
  await change('discarded', 1)
  t.equal(await status(), 'delivered 1 null')
  await change('pending', 0)
  t.equal(await status(), 'pending 0 null')
})

void t.test('find goes by authorizer, type without case, time of arrival, and what the caller may see', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const at = Date.now() - 10_000
  await log.record(makeEvent('text'), at, [])
  await log.record(makeEvent('subscribe', { type: 'wechat.event.subscribe', authorizerappid: OTHER }), at + 1, [])
  const { authorizerappid: _left, ...platformEvent } = makeEvent('refreshed', { type: 'gateway.token.refreshed' })
  await log.record(platformEvent, at + 2, [])
  await log.record(makeEvent('image', { type: 'wechat.message.image' }), at + 3, [])

  t.same(await idsOf(log, {}), ['image', 'refreshed', 'subscribe', 'text'])
  t.same(await idsOf(log, { authorizer: APP_ID }), ['image', 'text'])
  t.same(await idsOf(log, { type: 'WeChat.Message.*' }), ['image', 'text'])
  t.same(await idsOf(log, { type: 'wechat.event.subscribe' }), ['subscribe'])
  t.same(await idsOf(log, { type: 'wechat.event' }), [])
  t.same(await idsOf(log, { fromMs: at + 1, toMs: at + 2 }), ['refreshed', 'subscribe'])
  t.same(await idsOf(log, { only: [OTHER] }), ['subscribe'])
  t.same(await idsOf(log, { only: [OTHER], authorizer: APP_ID }), [])
  t.same(await idsOf(log, { only: [] }), [])
  await t.rejects(log.find({ ...all, cursor: 'nonsense' }), { code: 'INVALID_REQUEST' })
})

void t.test('pages show everything once although new events arrive and many share a millisecond', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const at = Date.now()
  for (let n = 0; n < 30; n += 1) await log.record(makeEvent(`ev_${n}`), at + Math.floor(n / 15), [])
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await log.find({ limit: 4, cursor })
    seen.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
    await log.record(makeEvent(`later_${seen.length}`), at + 1_000, [])
  } while (cursor !== undefined)
  t.equal(seen.length, 30)
  t.equal(new Set(seen).size, 30)
})

void t.test('a search that finds little looks at a bounded number of events and tells where to go on', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  const at = Date.now()
  await log.record(makeEvent('needle', { type: 'wechat.event.rare' }), at - 1, [])
  for (let start = 0; start < 5_200; start += 200) {
    await Promise.all(Array.from({ length: 200 }, (_, n) => log.record(makeEvent(`ev_${start + n}`), at + start + n, [])))
  }
  const first = await log.find({ ...all, type: 'wechat.event.rare' })
  t.same(first.items, [])
  t.ok(first.nextCursor)
  const second = await log.find({ ...all, type: 'wechat.event.rare', cursor: first.nextCursor ?? undefined })
  t.same([second.items.map(({ id }) => id), second.nextCursor], [['needle'], null])
})

void t.test('with the store away it rejects with STORE_UNAVAILABLE', async (t) => {
  const { commands, server } = await startStore(t)
  const log = createEventLog({ redis: commands, keys, eventLogSeconds: 60 })
  await server.kill()
  await t.rejects(log.record(makeEvent('ev_1'), 1, []), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(log.find(all), { code: 'STORE_UNAVAILABLE' })
})
