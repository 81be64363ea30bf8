// Owns: the stream of events: none missing and none twice, whoever reads where; gaps, slow readers, rights.
import { createMetrics } from '@wxgw/runtime'
import { createEventFeed, createEventLog, createMessageShards, type ShardCount } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { PLATFORM, startStore } from '../../packages/redis/queues-fixture.ts'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { APPID_A, APPID_B, loggedEvent } from './samples.ts'
import { listen, type Reader, readStream } from './event-stream-reader.ts'
import { createGateway, keyOf } from './gateway-fixture.ts'
import { grantsOf } from './granted-gateway.ts'

// One of them waits for ten seconds.
t.jobs = 3

const SEALING_KEYS = [{ id: 'k1', key: Buffer.alloc(32, 7) }]
const shardCount = (count: number): ShardCount => ({
  get: () => count,
  known: Promise.resolve(count),
  hasEventsOfBefore: () => false,
})
type Options = { shards?: number; eventLogSeconds?: number; maxEvents?: number; grants?: Parameters<typeof grantsOf> }

/** Ingresses over one Redis, and a worker's event log. */
async function startStreams(
  t: Test,
  { shards: count = 1, eventLogSeconds = 600, maxEvents = 1_000_000, grants = [] }: Options = {},
) {
  const { commands } = await startStore(t)
  const shards = createMessageShards(PLATFORM, shardCount(count))
  const log = createEventLog({ redis: commands, shards, eventLogSeconds, maxEvents })
  const metrics = createMetrics({ process: 'ingress' })

  function ingress(withMetrics = false) {
    const gateway = createGateway(t, {
      config: { sealingKeys: SEALING_KEYS },
      grants: { narrow: grantsOf(...grants) },
      ...(withMetrics ? { metrics } : {}),
    })
    gateway.fake.platform.feed = createEventFeed({ redis: commands, shards, eventLogSeconds, onError: () => undefined })
    return gateway
  }

  const record = (
    id: string,
    { appid = String(APPID_A), type = 'wechat.message.text', at = Date.now(), size = 1 } = {},
  ) => {
    const event = {
      ...loggedEvent(id).event,
      type,
      authorizerappid: appid,
      data: { MsgType: 'text', Content: 'x'.repeat(size) },
    }
    return log.record(event, at, [])
  }
  return { commands, ingress, record, metrics, shards }
}

const idsOf = (readers: readonly Reader[]) => {
  return readers.flatMap(({ received }) =>
    received.map(({ event, data }) => (event === undefined ? JSON.parse(data ?? '').id : event)),
  )
}
const headersOf = (key?: string) => ({ authorization: `Bearer ${key ?? 'r'.repeat(40)}` })

for (const shards of [1, 4]) {
  void t.test(`of ${shards} shards each event comes once, over any cuts and processes`, async (t) => {
    const { ingress, record } = await startStreams(t, { shards })
    const ports = await Promise.all(
      [ingress(), ingress(), ingress()].map(({ internalServer }) => listen(internalServer)),
    )
    const readers: Reader[] = []
    const connect = async () => {
      const port = ports[Math.floor(Math.random() * ports.length)] ?? 0
      const reader = await readStream(port, { headers: headersOf(), lastEventId: readers.at(-1)?.position() })
      readers.push(reader)
      return reader
    }
    // Nothing at all was received from the first.
    const first = await connect()
    await until('it has begun', () => first.position() !== undefined)
    first.kill()
    const changes = (n: number) => ({
      appid: `wx${String(n % 50).padStart(16, '0')}`,
      at: Date.now() - Math.floor(Math.random() * 60_000),
    })
    for (let start = 0; start < 1_500; start += 60) {
      const enough = Math.floor(Math.random() * 60)
      const reader = await connect()
      const pushing = Array.from({ length: 60 }, (_, n) => record(`ev_${start + n}`, changes(start + n)))
      await until('it got some', () => reader.received.length >= enough)
      reader.kill()
      await Promise.all(pushing)
    }
    await connect()
    await until('all have come', () => idsOf(readers).length >= 1_500)
    const ids = idsOf(readers)
    t.equal(new Set(ids).size, 1_500, `over ${readers.length} connections`)
    t.equal(ids.length, 1_500, 'none twice, and no gap')
    for (const reader of readers) reader.kill()
  })
}

void t.test('a reader without a position gets events from its start on, as an unbuffered stream', async (t) => {
  const { ingress, record } = await startStreams(t)
  const port = await listen(ingress().internalServer)
  await record('ev_before')
  const reader = await readStream(port, { headers: headersOf() })
  t.match(reader.headers, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  })
  await record('ev_1')
  await until('it has come', () => reader.received.length === 1)
  t.same(idsOf([reader]), ['ev_1'])
  t.equal(reader.received[0]?.id, reader.position())
  t.same(JSON.parse(reader.received[0]?.data ?? '').data, { MsgType: 'text', Content: 'x' })
  reader.kill()
  await record('ev_2')
  const position = reader.position() ?? ''
  const resumed = await readStream(port, { headers: headersOf(), query: `?after=${position}` })
  await until('it goes on', () => resumed.received.length === 1)
  t.same(idsOf([resumed]), ['ev_2'])
  const latest = await readStream(port, {
    headers: headersOf(),
    query: `?after=${position}`,
    lastEventId: resumed.position(),
  })
  await record('ev_3')
  await until('Last-Event-ID comes before after', () => latest.received.length === 1)
  t.same(idsOf([latest]), ['ev_3'])
  for (const one of [resumed, latest]) one.kill()
})

void t.test('the longest position fits a header of 1 KiB; a foreign or malformed one is 400', async (t) => {
  const { ingress } = await startStreams(t, {
    shards: 64,
    grants: [{ actions: ['events:read'], authorizers: [APPID_A] }],
  })
  const port = await listen(ingress().internalServer)
  const reader = await readStream(port, { headers: headersOf() })
  await until('it has begun', () => reader.position() !== undefined)
  const position = reader.position() ?? ''
  t.ok(`Last-Event-ID: ${position}\r\n`.length <= 1_024, `${position.length}`)
  const bad = [
    'x',
    '0-0',
    `${position}A`,
    position.slice(0, -8),
    position.replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A')),
    '$',
    '!',
  ]
  for (const lastEventId of bad) {
    t.equal((await readStream(port, { headers: headersOf(), lastEventId })).status, 400, lastEventId)
  }
  t.equal((await readStream(port, { headers: headersOf(), query: '?after=nonsense' })).status, 400)
  t.equal((await readStream(port, { headers: headersOf(keyOf('narrow')), lastEventId: position })).status, 400)
  reader.kill()
})

void t.test('a position older than the log first gets a gap notice with the start of what is whole', async (t) => {
  const { ingress, record } = await startStreams(t, { maxEvents: 150 })
  const port = await listen(ingress().internalServer)
  const reader = await readStream(port, { headers: headersOf() })
  await record('ev_0')
  await until('one has come', () => reader.received.length === 1)
  reader.kill()
  for (let start = 0; start < 600; start += 25) {
    await Promise.all(Array.from({ length: 25 }, (_, n) => record(`ev_new${String(start + n).padStart(3, '0')}`)))
  }
  const late = await readStream(port, { headers: headersOf(), lastEventId: reader.position() })
  await until('the newest has come', () => idsOf([late]).includes('ev_new599'))
  const ids = idsOf([late])
  t.equal(ids[0], 'gap')
  t.ok(ids.lastIndexOf('gap') < ids.findIndex((id) => id.startsWith('ev_new')), 'and nothing is missing after that')
  t.equal(ids.at(-150), 'ev_new450')
  t.ok(Date.parse(JSON.parse(late.received[0]?.data ?? '').from) <= Date.now())
  const again = await readStream(port, { headers: headersOf(), lastEventId: late.position() })
  await record('ev_last')
  await until('it goes on', () => again.received.length > 0)
  t.same(idsOf([again]), ['ev_last'], 'the gap was told once')
  for (const one of [late, again]) one.kill()
})

void t.test('a store that has lost what was given is told as a gap, to who reads and to who comes again', async (t) => {
  const { commands, ingress, record } = await startStreams(t)
  const port = await listen(ingress().internalServer)
  const [gone, reader] = await Promise.all([
    readStream(port, { headers: headersOf() }),
    readStream(port, { headers: headersOf() }),
  ])
  await record('ev_1')
  await until('both have it', () => [gone, reader].every(({ received }) => received.length === 1))
  gone.kill()
  await commands.flushall()
  await until('the reader is told', () => reader.received.length === 2)
  await record('ev_2')
  const late = await readStream(port, { headers: headersOf(), lastEventId: gone.position() })
  await until('both go on', () => idsOf([reader]).includes('ev_2') && idsOf([late]).includes('ev_2'))
  t.same(
    [idsOf([reader]), idsOf([late])],
    [
      ['ev_1', 'gap', 'ev_2'],
      ['gap', 'ev_2'],
    ],
  )
  for (const one of [reader, late]) one.kill()
})

void t.test('a stream that is quiet for longer than the log remembers has no gap', async (t) => {
  const { commands, ingress, record } = await startStreams(t, { eventLogSeconds: 3 })
  const port = await listen(ingress().internalServer)
  const reader = await readStream(port, { headers: headersOf() })
  await record('ev_1')
  await until('it has come', () => reader.received.length === 1)
  await until('all is forgotten', async () => (await commands.dbsize()) === 0)
  await record('ev_2')
  await until('the next has come', () => reader.received.length >= 2)
  t.same(idsOf([reader]), ['ev_1', 'ev_2'])
  reader.kill()
})

void t.test('a reader that takes nothing is cut off and resumes; the others never wait for it', async (t) => {
  const { ingress, record, metrics } = await startStreams(t)
  const port = await listen(ingress(true).internalServer)
  const [slow, quick] = await Promise.all([
    readStream(port, { headers: headersOf() }),
    readStream(port, { headers: headersOf() }),
  ])
  slow.pause()
  for (let n = 0; n < 100; n += 1) await record(`ev_${n}`, { size: 200_000 })
  await until('the quick one has all', () => quick.received.length === 100)
  const reasons = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('wxgw_event_streams_ended_total'))
  await until('the slow one is cut off', async () => (await reasons()).some((line) => line.includes('reason="slow"')), {
    timeoutMs: 30_000,
  })
  await until('a quiet stream has its comment, with a position', () => quick.comments > 0)
  const resumed = await readStream(port, { headers: headersOf(), lastEventId: slow.position() })
  await until('it has what it missed', () => slow.received.length + resumed.received.length >= 100)
  t.same(idsOf([slow, resumed]), idsOf([quick]))
  t.match(await metrics.text(), /^wxgw_event_streams_open\{process="ingress"\} 2$/m)
  for (const one of [slow, quick, resumed]) one.kill()
})

void t.test('a reader gets what its key may see, of what it asked for', async (t) => {
  const { ingress, record } = await startStreams(t, { grants: [{ actions: ['events:read'], authorizers: [APPID_A] }] })
  const gateway = ingress()
  const port = await listen(gateway.internalServer)
  const asked: Array<[key: string | undefined, query: string, ids: string[]]> = [
    [undefined, '', ['a-text', 'a-scan', 'b-text', 'end']],
    [undefined, '?types=wechat.EVENT.*,wechat.message.image', ['a-scan', 'end']],
    [
      undefined,
      `?authorizers=${APPID_B},${APPID_A}&types=wechat.message.*,wechat.event.end`,
      ['a-text', 'b-text', 'end'],
    ],
    [keyOf('narrow'), '', ['a-text', 'a-scan', 'end']],
    [keyOf('narrow'), `?authorizers=${APPID_B}`, []],
  ]
  const readers = await Promise.all(asked.map(([key, query]) => readStream(port, { headers: headersOf(key), query })))
  const hidden = await readStream(port, { headers: headersOf(), query: '?content=false' })
  await record('a-text')
  await record('a-scan', { type: 'wechat.event.scan' })
  await record('b-text', { appid: APPID_B })
  await record('end', { type: 'wechat.event.end' })
  await until(
    'all have it',
    () => readers.slice(0, 4).every((reader) => idsOf([reader]).includes('end')) && hidden.received.length === 4,
  )
  for (const [index, [key, query, ids]] of asked.entries())
    t.same(idsOf(readers.slice(index, index + 1)), ids, `${key} ${query}`)
  const contentOf = (reader: Reader | undefined) => JSON.parse(reader?.received[0]?.data ?? '').data
  const found = [contentOf(readers[0]), contentOf(readers[3]), contentOf(hidden)]
  t.same(found, [{ MsgType: 'text', Content: 'x' }, { MsgType: 'text' }, { MsgType: 'text' }])
  gateway.fake.keepsEventLog = false
  t.equal((await readStream(port, { headers: headersOf() })).status, 409)
  t.equal((await readStream(port, { headers: {} })).status, 401)
  for (const one of [...readers, hidden]) one.kill()
})

void t.test('streams per caller are bounded at each process, end at a stop and resume elsewhere', async (t) => {
  const { ingress, record } = await startStreams(t)
  const stopping = ingress()
  const [port, other] = await Promise.all([listen(stopping.internalServer), listen(ingress().internalServer)])
  const readers = await Promise.all(Array.from({ length: 20 }, () => readStream(port, { headers: headersOf() })))
  t.same(
    pluck(readers, 'status'),
    Array.from({ length: 20 }, () => 200),
  )
  t.equal((await readStream(port, { headers: headersOf() })).status, 429)
  readers[0]?.kill()
  await until('its place is free', async () => {
    const next = await readStream(port, { headers: headersOf() })
    return next.status === 200
  })
  await record('ev_1')
  const [, last] = readers
  await until('it has come', () => last?.received.length === 1)
  await stopping.internalServer.close()
  await until('they have ended', () => readers.every((reader) => reader.ended()))
  await record('ev_2')
  const resumed = await readStream(other, { headers: headersOf(), lastEventId: last?.position() })
  await until('it goes on', () => resumed.received.length === 1)
  t.same(idsOf([resumed]), ['ev_2'])
  resumed.kill()
})
