// Owns: what the event log remembers, for how long, and how it is searched.
import { randomUUID } from 'node:crypto'
import type { GatewayEvent } from '@wxgw/contracts'
import {
  createEventLog,
  createMessageShards,
  createSinkWriter,
  type ConsumerWrite,
  type EventFilter,
  type EventLog,
  type EventLogDeps,
  sinkStream,
  UNSHARDED,
} from '@wxgw/redis'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { pagesOf } from '../../helpers/pages.ts'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { APP_ID, keys, makeEvent, picture, shards, startStore } from './queues-fixture.ts'

const OTHER = 'wxfedcba9876543210'
/** On the hash tag of the log, as streams of earlier versions are: within the script's reach from the first event on. */
const nearStream = (subscription: string) => `wx:{open1}:stream:${subscription}`
const all: EventFilter = { limit: 100, cursor: undefined }
/** Of events that nobody has claimed. */
function openLog(deps: EventLogDeps) {
  const log = createEventLog(deps)
  return {
    ...log,
    async record(...args: Parameters<EventLog['record']>) {
      const served = await log.record(...args)
      if (served === undefined) throw new Error('another arrival has the event')
      return served
    },
  }
}
type OpenLog = ReturnType<typeof openLog>

async function startLog(t: Test, changes: Partial<EventLogDeps> = {}) {
  const store = await startStore(t)
  const deps = { redis: store.commands, shards, queues: store.queues, eventLogSeconds: 60, ...changes }
  return { ...store, log: openLog(deps), deps }
}

/** The ids of all pages. `between` runs after each. */
const walk = async (log: EventLog, filter: Partial<EventFilter>, between?: () => Promise<unknown>) =>
  (
    await pagesOf(async (cursor) => {
      const page = await log.find({ ...all, ...filter, cursor })
      await between?.()
      return page
    })
  ).map((items) => pluck(items, 'id'))

const statusesOf = async (log: EventLog, id: string) => pluck((await log.get(id))?.deliveries, 'status')
const idsOf = async (log: EventLog, filter: Partial<EventFilter>) =>
  pluck((await log.find({ ...all, ...filter })).items, 'id')

void t.test('an event is remembered with everybody who is to get it, and a repeat loses nothing', async (t) => {
  const { log } = await startLog(t)
  const receivedAtMs = Date.now()
  await log.record(makeEvent('ev_1'), receivedAtMs, ['crm', 'bi'])
  const delivered = { status: 'delivered', attempts: 1, deliveredAtMs: receivedAtMs + 5 } as const
  await log.deliveryChanged({ id: 'ev_1' }, 'crm', delivered)
  await log.record(makeEvent('ev_1'), receivedAtMs + 1000, ['crm', 'new'])
  const {
    specversion: _version,
    data: _data,
    datacontenttype: _type,
    platform: _platform,
    ...shown
  } = makeEvent('ev_1')
  const pending = { status: 'pending', attempts: 0, lastError: null, deliveredAt: null }
  const deliveredAt = new Date(receivedAtMs + 5).toISOString()
  t.same(await log.get('ev_1'), {
    ...shown,
    receivedAt: new Date(receivedAtMs).toISOString(),
    event: makeEvent('ev_1'),
    deliveries: [
      { subscription: 'bi', ...pending },
      { subscription: 'crm', status: 'delivered', attempts: 1, lastError: null, deliveredAt },
      { subscription: 'new', ...pending },
    ],
  })
  t.equal((await log.find(all)).items.length, 1)
  t.equal(await log.get('unknown'), undefined)
})

void t.test('recording an event appends it to the streams, logged as delivered', async (t) => {
  const { commands, log } = await startLog(t)
  const event = makeEvent('ev_1')
  const stream = nearStream('bi')
  const streams = [{ subscription: 'bi', stream, maxLength: undefined }]
  const before = Date.now()
  t.same(await log.record(event, before, ['bi', 'crm'], { writes: streams }), ['bi'])
  const [entry] = await commands.xrange(stream, '-', '+')
  t.same(entry?.[1], ['id', 'ev_1', 'type', event.type, 'event', JSON.stringify(event)])
  const deliveries = (await log.get('ev_1'))?.deliveries ?? []
  t.match(deliveries, [
    { subscription: 'bi', status: 'delivered', attempts: 1, lastError: null },
    { subscription: 'crm', status: 'pending', attempts: 0 },
  ])
  t.ok(Date.parse(deliveries[0]?.deliveredAt ?? '') >= before)
})

void t.test('events that are recorded in order are written in it, and none of them behind a refused one', async (t) => {
  const { commands } = await startStore(t)
  const log = openLog({ redis: commands, shards, eventLogSeconds: 60 })
  const stream = nearStream('bi')
  const options = { writes: [{ subscription: 'bi', stream, maxLength: undefined }] }
  const recorded = (ids: readonly string[]) => {
    const events = ids.map((id) => ({ event: makeEvent(id), receivedAtMs: 1, subscriptions: ['bi'], options }))
    return log.recordInOrder(events)
  }
  const written = async () => (await commands.xrange(stream, '-', '+')).map(([, [, id]]) => id)
  // More than one step.
  const ids = Array.from({ length: 60 }, (_, index) => `ev_${index}`)
  await commands.set(shards.ofAccount(APP_ID).event('ev_30'), 'no hash')
  const answers = await recorded(ids)
  t.ok(answers[30] instanceof Error, 'one that cannot be recorded fails alone')
  const others = ids.filter((id) => id !== 'ev_30')
  t.same(answers.filter((answer) => Array.isArray(answer) && answer.includes('bi')).length, others.length)
  t.same(await written(), others)

  // The highest id that a stream can have: it takes no further entry.
  await commands.xadd(stream, '18446744073709551615-18446744073709551615', 'id', 'last')
  t.same(await recorded(['ev_60', 'ev_61']), [[], []])
  t.match((await log.get('ev_61'))?.deliveries, [{ subscription: 'bi', status: 'pending' }])
})

void t.test('the same arrival of an event is appended once, another arrival again', async (t) => {
  const { commands, log } = await startLog(t)
  const stream = nearStream('bi')
  const added = nearStream('new')
  const streams = [{ subscription: 'bi', stream, maxLength: undefined }]
  const at = Date.now()
  for (let run = 0; run < 3; run += 1)
    t.same(await log.record(makeEvent('ev_1'), at, ['bi'], { writes: streams }), ['bi'])
  t.equal(await commands.xlen(stream), 1)
  const both = [...streams, { subscription: 'new', stream: added, maxLength: undefined }]
  t.same(await log.record(makeEvent('ev_1'), at, ['bi', 'new'], { writes: both }), ['bi', 'new'])
  t.same([await commands.xlen(stream), await commands.xlen(added)], [1, 1])
  await log.record(makeEvent('ev_1'), at + 1, ['bi'], { writes: streams })
  t.equal(await commands.xlen(stream), 2)
})

void t.test('streams are trimmed to what each may hold, many events in one step', async (t) => {
  const { commands, log } = await startLog(t)
  const bounded = { subscription: 'bi', stream: nearStream('bi'), maxLength: 3 }
  const whole = { subscription: 'crm', stream: nearStream('crm'), maxLength: undefined }
  const ids = Array.from({ length: 60 }, (_, n) => `ev_${n}`)
  await Promise.all(
    ids.map((id, n) =>
      log.record(makeEvent(id), Date.now(), ['bi', 'crm', 'hook'], {
        writes: n % 2 === 0 ? [bounded, whole] : [whole],
      }),
    ),
  )
  const idsIn = async (stream: string) => (await commands.xrange(stream, '-', '+')).map(([, [, id]]) => id)
  t.same(await idsIn(whole.stream), ids)
  t.same(await idsIn(bounded.stream), ['ev_54', 'ev_56', 'ev_58'])
  t.same(await statusesOf(log, 'ev_1'), ['pending', 'delivered', 'pending'])
})

void t.test('a stream that takes nothing leaves its own delivery pending, and no other', async (t) => {
  const { commands, log } = await startLog(t)
  const broken = { subscription: 'bi', stream: nearStream('bi'), maxLength: undefined }
  const sound = { subscription: 'crm', stream: nearStream('crm'), maxLength: undefined }
  await commands.set(broken.stream, 'no stream')
  const record = () => log.record(makeEvent('ev_1'), 1, ['bi', 'crm'], { writes: [broken, sound] })
  t.same(await record(), ['crm'])
  t.same(await statusesOf(log, 'ev_1'), ['pending', 'delivered'])
  await commands.del(broken.stream)
  t.same(await record(), ['bi', 'crm'])
  t.same(await statusesOf(log, 'ev_1'), ['delivered', 'delivered'])
  t.same([await commands.xlen(broken.stream), await commands.xlen(sound.stream)], [1, 1])
})

void t.test('a stream with its own hash tag is appended to once a script was seen to reach it', async (t) => {
  const { commands, log } = await startLog(t)
  const stream = sinkStream('open1', 'bi')
  const writes = [{ subscription: 'bi', stream, maxLength: undefined }]
  const record = (id: string) => log.record(makeEvent(id), 1, ['bi'], { writes })
  t.same(await record('ev_0'), [], 'not yet: somebody else has to append it')
  await until('it takes what is recorded', async () => (await record(`ev_${randomUUID()}`)).length === 1)
  t.equal(await commands.xlen(stream), 1)
  t.same(await commands.keys('*probe*'), [])
})

/** A queue takes its first event as it is recorded when Redis was seen to be in one part: what came before is left out of it. */
async function untilTaken(log: OpenLog, queue: string): Promise<GatewayEvent> {
  let event = makeEvent('ev_first')
  await until('the queue takes what is recorded', async () => {
    event = makeEvent(`ev_first_${randomUUID()}`)
    return (await log.record(event, 1, ['first'], { writes: [{ subscription: 'first', queue }] })).length === 1
  })
  return event
}

void t.test('recording an event adds it to queues as a job identical to one added alone', async (t) => {
  const { commands, queues, log } = await startLog(t)
  const writer = createSinkWriter({ queues, redis: commands })
  const event = await untilTaken(log, '{ours}')
  await writer.addToConsumerQueue({ queue: '{theirs}', jobId: event.id, name: event.type, data: event })
  t.same(await picture(commands, '{ours}'), await picture(commands, '{theirs}'))
  t.same(
    await log.record(makeEvent('ev_1'), 1, ['bi', 'crm'], { writes: [{ subscription: 'crm', queue: '{ours}' }] }),
    ['crm'],
  )
  t.match((await log.get('ev_1'))?.deliveries, [
    { subscription: 'bi', status: 'pending' },
    { subscription: 'crm', status: 'delivered', attempts: 1 },
  ])
  t.same(await commands.keys('*probe*'), [])
})

void t.test('the same arrival of an event is one job, and so is another arrival while the job is kept', async (t) => {
  const { queues, log } = await startLog(t)
  const writes = [{ subscription: 'crm', queue: '{crm}' }]
  await untilTaken(log, '{crm}')
  for (const receivedAtMs of [1, 1, 2])
    t.same(await log.record(makeEvent('ev_1'), receivedAtMs, ['crm'], { writes }), ['crm'])
  t.equal(await queues.open('{crm}').getWaitingCount(), 2)
  await queues.open('{crm}').obliterate()
  t.same(await log.record(makeEvent('ev_1'), 1, ['crm'], { writes }), ['crm'])
  t.equal(await queues.open('{crm}').getWaitingCount(), 0)
})

void t.test('many events of one step stand in several queues and streams in their order', async (t) => {
  const { commands, queues, log } = await startLog(t)
  const stream = nearStream('bi')
  const ids = Array.from({ length: 60 }, (_, n) => `ev_${n}`)
  const others = ids.filter((_, n) => n % 3 === 0)
  const before = { crm: (await untilTaken(log, '{crm}')).id, erp: (await untilTaken(log, '{erp}')).id }
  await Promise.all(
    ids.map((id) => {
      const crm = { subscription: 'crm', queue: '{crm}' }
      const bi = { subscription: 'bi', stream, maxLength: undefined }
      const erp = { subscription: 'erp', queue: '{erp}' }
      return log.record(makeEvent(id), Date.now(), ['crm', 'bi', 'erp'], {
        writes: others.includes(id) ? [crm, bi, erp] : [crm, bi],
      })
    }),
  )
  const idsIn = async (queue: string) => (await queues.open(queue).getWaiting()).map((job) => job.id)
  t.same(await idsIn('{crm}'), [before.crm, ...ids])
  t.same(await idsIn('{erp}'), [before.erp, ...others])
  t.equal(await commands.xlen(stream), ids.length)
  t.same(await statusesOf(log, 'ev_1'), ['delivered', 'delivered', 'pending'])
})

void t.test('one step serves 250 of 300 subscribers with the record and answers whom', async (t) => {
  const names = Array.from({ length: 300 }, (_, n) => `s${n}`)
  const sinks: Record<string, (name: string) => ConsumerWrite> = {
    queues: (subscription) => ({ subscription, queue: `{${subscription}}` }),
    streams: (subscription) => ({ subscription, stream: sinkStream('open1', subscription), maxLength: undefined }),
  }
  for (const [kind, sinkOf] of Object.entries(sinks)) {
    const { log } = await startLog(t)
    const record = (id: string) => log.record(makeEvent(id), 1, names, { writes: names.map(sinkOf) })
    await until('they take it', async () => (await record(`ev_${randomUUID()}`)).length > 0)
    await until('all are within reach', async () => (await record(`ev_${randomUUID()}`)).length === 250)
    const served = (await record('ev_1')).toSorted()
    t.equal(served.length, 250, kind)
    const deliveries = (await log.get('ev_1'))?.deliveries ?? []
    t.equal(deliveries.length, 300, kind)
    const delivered = deliveries.filter(({ status }) => status === 'delivered')
    t.same(pluck(delivered, 'subscription').toSorted(), served, kind)
  }
})

void t.test('events with many subscribers go in smaller steps, and each subscriber gets them', async (t) => {
  const { commands, log } = await startLog(t)
  const names = Array.from({ length: 30 }, (_, n) => `s${n}`)
  const writes = names.map((name) => ({ subscription: name, stream: nearStream(name), maxLength: undefined }))
  const steps = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await commands.info('commandstats'))?.[1])
  const record = (id: string) => log.record(makeEvent(id), 1, names, { writes })
  await record('ev_first')
  await commands.config('RESETSTAT')
  const served = await Promise.all(Array.from({ length: 24 }, (_, n) => record(`ev_${n}`)))
  t.same(new Set(pluck(served, 'length')), new Set([30]))
  t.equal(await steps(), 3, 'eight events each: 240 deliveries')
  t.equal(await commands.xlen(nearStream('s29')), 25)
})

const DAMAGES: Record<string, (redis: Redis, queue: string) => Promise<unknown>> = {
  'a key of another type': (redis, queue) => redis.set(`bull:${queue}:wait`, 'no list'),
  'a counter that does not count': (redis, queue) => redis.set(`bull:${queue}:id`, 'no number'),
  'a setting that is none': (redis, queue) => redis.hset(`bull:${queue}:meta`, 'opts.maxLenEvents', 'Infinity'),
}

void t.test('a queue that cannot be written to leaves its own delivery pending, and no other', async (t) => {
  for (const [what, damage] of Object.entries(DAMAGES)) {
    const { commands, queues, log } = await startLog(t)
    const stream = nearStream('bi')
    const writes = [
      { subscription: 'bi', stream, maxLength: undefined },
      { subscription: 'crm', queue: '{broken}' },
      { subscription: 'erp', queue: '{sound}' },
    ]
    await untilTaken(log, '{broken}')
    await untilTaken(log, '{sound}')
    await queues.open('{broken}').obliterate()
    await damage(commands, '{broken}')
    const at = Date.now()
    const record = () => log.record(makeEvent('ev_1'), at, ['bi', 'crm', 'erp'], { writes })
    t.same((await record()).toSorted(), ['bi', 'erp'], what)
    t.same((await record()).toSorted(), ['bi', 'erp'], what)
    t.equal(await commands.xlen(stream), 1, `${what}: one entry`)
    t.same(await statusesOf(log, 'ev_1'), ['delivered', 'pending', 'delivered'], what)
    t.ok((await commands.ttl(keys.event('ev_1'))) > 0, `${what}: it expires`)
    t.same(await idsOf(log, { fromMs: at }), ['ev_1'], `${what}: it is found`)
  }
})

void t.test('processes that begin at the same moment all learn that the script reaches the queue', async (t) => {
  const { deps } = await startLog(t)
  const logs = Array.from({ length: 20 }, () => openLog(deps))
  const record = (log: OpenLog) =>
    log.record(makeEvent(`ev_${randomUUID()}`), 1, ['crm'], { writes: [{ subscription: 'crm', queue: '{crm}' }] })
  await until('all give it to the queue', async () =>
    (await Promise.all(logs.map(record))).every(({ length }) => length === 1),
  )
})

void t.test('with another version of BullMQ a queue takes nothing with the record', async (t) => {
  const { commands, deps, log } = await startLog(t, { version: '6.7.1' })
  const writes = [{ subscription: 'crm', queue: '{crm}' }]
  await untilTaken(openLog({ ...deps, version: undefined }), '{erp}')
  for (const id of ['ev_1', 'ev_2', 'ev_3']) t.same(await log.record(makeEvent(id), 1, ['crm'], { writes }), [])
  t.same(await commands.keys('bull:{crm}:*'), [])
})

void t.test('a queue that a script does not reach takes nothing with the record', async (t) => {
  const { commands, deps } = await startLog(t)
  // As behind a proxy that runs a script where its first key lives.
  const elsewhere = Object.create(commands, {
    getdel: { value: async (key: string) => ((await commands.del(key)) === 1 ? null : undefined) },
  }) as typeof commands
  const log = openLog({ ...deps, redis: elsewhere })
  const record = (id: string) =>
    log.record(makeEvent(id), 1, ['crm'], { writes: [{ subscription: 'crm', queue: '{crm}' }] })
  t.same(await record('ev_1'), [])
  await until('the probe is over', async () => (await commands.keys('*probe*')).length === 0)
  t.same(await record('ev_2'), [])
  t.match((await log.get('ev_2'))?.deliveries, [{ status: 'pending' }])
  t.same(await commands.keys('bull:*'), [])
})

void t.test('every key of the log expires, and a forgotten event is not brought back by a late delivery', async (t) => {
  const { commands, log } = await startLog(t, { eventLogSeconds: 1 })
  await log.record(makeEvent('ev_1'), Date.now(), ['crm'])
  const written = await commands.keys('*')
  t.equal(written.length, 9)
  for (const key of written) t.ok((await commands.pttl(key)) > 0, key)
  await until('all is forgotten', async () => (await commands.keys('*')).length === 0)
  await log.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'delivered', attempts: 1 })
  t.same(await commands.keys('*'), [])
})

void t.test('every delivery of a large batch is known as not over', async (t) => {
  const { commands, log } = await startLog(t)
  const names = Array.from({ length: 200 }, (_, n) => `webhook-${n}`)
  await Promise.all(Array.from({ length: 25 }, (_, n) => log.record(makeEvent(`ev_${n}`), Date.now(), names)))
  t.equal(await commands.zcard(keys.unsettled), 25 * 200)
})

void t.test('the index loses what is too old and, above its cap, the oldest with all that belongs to it', async (t) => {
  const { commands, log } = await startLog(t, { maxEvents: 5 })
  const now = Date.now()
  await log.record(makeEvent('ev_old'), now - 61_000, [])
  t.same(await commands.zrange(keys.events, '0', '-1'), [])
  for (let n = 0; n < 8; n += 1) await log.record(makeEvent(`ev_${n}`), now + n, [])
  t.same(await idsOf(log, {}), ['ev_7', 'ev_6', 'ev_5', 'ev_4', 'ev_3'])
  t.equal(await log.get('ev_2'), undefined)
  t.equal(await commands.zcard(keys.eventsOfAuthorizer(APP_ID)), 5)
})

void t.test('what became of a delivery never goes back, until it is pending anew', async (t) => {
  const { log } = await startLog(t)
  await log.record(makeEvent('ev_1'), Date.now(), ['crm'])
  const changes: Array<[to: Parameters<EventLog['deliveryChanged']>[2]['status'], attempts: number, error?: string]> =
    []
  const after = async (...more: typeof changes) => {
    for (const [status, attempts, lastError] of more)
      await log.deliveryChanged({ id: 'ev_1' }, 'crm', { status, attempts, lastError })
    const [delivery] = (await log.get('ev_1'))?.deliveries ?? []
    return `${delivery?.status} ${delivery?.attempts} ${delivery?.lastError}`
  }
  t.equal(await after(['retrying', 2, 'HTTP 502'], ['retrying', 1, 'HTTP 500']), 'retrying 2 HTTP 502')
  t.equal(await after(['dead', 3, 'HTTP 503'], ['retrying', 3, 'HTTP 503']), 'dead 3 HTTP 503')
  t.equal(await after(['discarded', 3, 'HTTP 503'], ['dead', 3, 'HTTP 503']), 'discarded 3 HTTP 503')
  const late: typeof changes = [
    ['retrying', 1, 'late'],
    ['dead', 1, 'late'],
    ['discarded', 1],
  ]
  t.equal(await after(['pending', 0], ['delivered', 1], ...late), 'delivered 1 null')
  t.equal(await after(['pending', 0]), 'pending 0 null')
})

void t.test('find goes by authorizer, type without case, time of arrival, and what the caller may see', async (t) => {
  const { log } = await startLog(t)
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
  const { log } = await startLog(t)
  const at = Date.now()
  for (let n = 0; n < 30; n += 1) await log.record(makeEvent(`ev_${n}`), at + Math.floor(n / 15), [])
  const arrive = () => log.record(makeEvent(`later_${randomUUID()}`), at + 1_000, [])
  const seen = (await walk(log, { limit: 4 }, arrive)).flat()
  t.same([seen.length, new Set(seen).size], [30, 30])
})

void t.test('a search that finds little looks at a bounded number of events and tells where to go on', async (t) => {
  const { log } = await startLog(t)
  const at = Date.now()
  await log.record(makeEvent('needle', { type: 'wechat.event.rare' }), at - 1, [])
  for (let start = 0; start < 5_200; start += 200) {
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => log.record(makeEvent(`ev_${start + n}`), at + start + n, [])),
    )
  }
  const first = await log.find({ ...all, type: 'wechat.event.rare' })
  t.same(first.items, [])
  t.ok(first.nextCursor)
  const second = await log.find({ ...all, type: 'wechat.event.rare', cursor: first.nextCursor ?? undefined })
  t.same([second.items.map(({ id }) => id), second.nextCursor], [['needle'], null])
})

void t.test('with the store away it rejects with STORE_UNAVAILABLE', async (t) => {
  const { server, log } = await startLog(t)
  await server.kill()
  await t.rejects(log.record(makeEvent('ev_1'), 1, []), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(log.find(all), { code: 'STORE_UNAVAILABLE' })
})

const accountOf = (number: number) => `wx${String(number).padStart(16, '0')}`

void t.test('a caller with some accounts pages through theirs alone, whatever page and filter', async (t) => {
  const { commands, log } = await startLog(t, { eventLogSeconds: 600 })
  const startedAtMs = Date.now() - 300_000
  // Few milliseconds for many events: places are told apart by more than the time.
  const events = Array.from({ length: 400 }, (_, n) => ({
    id: `ev_${n}`,
    appId: accountOf(n % 7 === 0 ? 0 : (n * n) % 40),
    type: n % 3 === 0 ? 'wechat.event.view' : 'wechat.message.text',
    atMs: startedAtMs + ((n * 31) % 60),
  }))
  for (const { id, appId, type, atMs } of events)
    void log.record(makeEvent(id, { authorizerappid: appId, type }), atMs, [])
  await until('all are there', async () => (await commands.zcard(keys.events)) === 400)

  const everything = (await walk(log, { limit: 500 })).flat()
  t.equal(everything.length, 400)
  const window = { fromMs: startedAtMs + 10, toMs: startedAtMs + 20 }
  for (const granted of [[0], [1, 3], [0, 4, 9, 16, 25], Array.from({ length: 40 }, (_, n) => n)]) {
    // Most of what is granted never got an event.
    const only = [...granted.map(accountOf), ...Array.from({ length: 1_200 }, (_, n) => accountOf(1_000 + n))]
    const expected = (holds: (event: (typeof events)[number]) => boolean = () => true) => {
      const ids = new Set(
        pluck(
          events.filter((event) => only.includes(event.appId) && holds(event)),
          'id',
        ),
      )
      return everything.filter((id) => ids.has(id))
    }
    const found = async (filter: Partial<EventFilter>) => (await walk(log, { only, limit: 7, ...filter })).flat()
    for (const limit of granted.length === 2 ? [1, 3, 50, 500] : [3, 50, 500])
      t.same(await found({ limit }), expected(), `${granted.length} accounts, ${limit} a page`)
    const isWithin = ({ atMs }: { atMs: number }) => atMs >= window.fromMs && atMs <= window.toMs
    t.same(await found(window), expected(isWithin), 'within a window')
    t.same(
      await found({ type: 'wechat.event.*' }),
      expected(({ type }) => type === 'wechat.event.view'),
      'of a type',
    )
  }
})

void t.test('a search within few accounts costs no more for all that others got', async (t) => {
  const { commands, log } = await startLog(t, { eventLogSeconds: 600 })
  const nowMs = Date.now()
  await log.record(makeEvent('ev_own', { authorizerappid: accountOf(1) }), nowMs - 60_000, [])
  await commands.zadd(keys.events, ...Array.from({ length: 20_000 }, (_, n) => [nowMs - n, `ev_foreign${n}`]).flat())
  const readCommands = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await commands.info('commandstats'))?.[1] ?? 0)
  const before = await readCommands()
  t.same(await idsOf(log, { only: [accountOf(1), accountOf(2)], type: 'wechat.message.*' }), ['ev_own'])
  t.ok((await readCommands()) - before <= 3, 'what foreign accounts got is not looked at')
  const only = Array.from({ length: 10_000 }, (_, n) => accountOf(n))
  t.same(await idsOf(log, { only }), ['ev_own'])
  t.ok((await readCommands()) - before <= 30, 'and a right to very many is asked in large steps')
})

void t.test('an answer is bounded in bytes, and has one event at least', async (t) => {
  const { log } = await startLog(t, { eventLogSeconds: 600 })
  const nowMs = Date.now() - 1_000
  for (const [n, size] of [3_000_000, 220_000, 220_000, 220_000, 10].entries()) {
    await log.record(makeEvent(`ev_${n}`, { data: { Content: 'x'.repeat(size) } }), nowMs + n, [])
  }
  t.same(await walk(log, {}), [['ev_4', 'ev_3', 'ev_2'], ['ev_1'], ['ev_0']])
})

void t.test('undelivered events of a subscription come from an index, whatever else is logged', async (t) => {
  const sharded = createMessageShards('open1', { ...UNSHARDED, get: () => 3 })
  const { commands, log } = await startLog(t, { shards: sharded })
  const begun = Date.now() - 10_000
  const fates = ['pending', 'retrying', 'dead', 'discarded', 'delivered'] as const
  for (let n = 0; n < 40; n += 1) {
    const event = makeEvent(`ev_${n}`, { authorizerappid: n % 2 === 0 ? APP_ID : OTHER })
    await log.record(event, begun + n, ['bi', 'crm'])
    await log.deliveryChanged(event, 'bi', { status: 'delivered', attempts: 1 })
    const status = fates[n % fates.length]
    if (status && status !== 'pending') await log.deliveryChanged(event, 'crm', { status, attempts: 1 })
  }
  const newest = (wanted: (n: number) => boolean) =>
    Array.from({ length: 40 }, (_, n) => 39 - n)
      .filter(wanted)
      .map((n) => `ev_${n}`)
  const only = [APP_ID]
  for (const [place, status] of fates.entries()) {
    const delivery = { subscriptions: ['crm'], statuses: [status] }
    const ofEither = { subscriptions: ['bi', 'crm'], statuses: [status] }
    t.same(
      await idsOf(log, { delivery }),
      newest((n) => n % 5 === place),
      status,
    )
    t.same(
      await idsOf(log, { delivery, authorizer: OTHER, fromMs: begun + 10 }),
      newest((n) => n % 5 === place && n % 2 === 1 && n >= 10),
    )
    t.same(
      (await walk(log, { limit: 3, delivery: ofEither, only })).flat(),
      newest((n) => n % 2 === 0 && (n % 5 === place || status === 'delivered')),
      `${status}, in pages`,
    )
  }
  t.same(await idsOf(log, { delivery: { subscriptions: ['bi'], statuses: ['pending', 'retrying', 'dead'] } }), [])
  t.equal((await idsOf(log, { delivery: { subscriptions: ['bi'] } })).length, 40)
  t.same(await idsOf(log, { delivery: { subscriptions: ['gone'] } }), [])
  const indexes = await commands.keys('*:undelivered:*')
  t.ok(indexes.length > 0 && indexes.every((key) => key.endsWith(':crm')), 'what is delivered to all leaves no index')
  for (const key of indexes) t.ok((await commands.ttl(key)) > 0)
  await log.deliveryChanged({ id: 'ev_39', authorizerappid: OTHER }, 'crm', { status: 'pending', attempts: 0 })
  const pending = { subscriptions: ['crm'], statuses: ['pending'] } as const
  t.same(await idsOf(log, { delivery: pending, limit: 1 }), ['ev_39'], 'one that begins anew')
})

void t.test('the index of the undelivered is bounded; a search cut short says how far it came', async (t) => {
  const { commands, log } = await startLog(t, { maxEvents: 6_000 })
  const begun = Date.now() - 30_000
  const record = (n: number) => log.record(makeEvent(`ev_${n}`), begun + n, ['crm'])
  for (let start = 0; start < 8_000; start += 500)
    await Promise.all(Array.from({ length: 500 }, (_, n) => record(start + n)))
  await until('the index is as short as the log', async () => {
    await record(9_000)
    return (await commands.zcard(keys.undelivered('crm'))) <= 6_001
  })
  const dead = { ...all, delivery: { subscriptions: ['crm'], statuses: ['dead'] } } as const
  const cut = await log.find(dead)
  t.same(cut.items, [])
  t.equal(cut.scannedTo, new Date(Number(cut.nextCursor?.split(' ')[0])).toISOString())
  t.equal((await log.find({ ...dead, cursor: cut.nextCursor ?? undefined })).nextCursor, null)
})
