// Owns: dead letters: listed in stable pages, sent again, discarded, and the log that follows.
import { type DeadLettersJob, DeadLettersJobSchema, type DeliveryJob, DeliveryJobSchema } from '@wxgw/contracts'
import {
  createDeadLetters,
  createDeliveryQueue,
  createEventLog,
  createQueueWorker,
  deliveriesQueue,
  type JobOutcome,
  MAINTENANCE_QUEUE,
} from '@wxgw/redis'
import t, { type Test } from 'tap'
import { pagesOf, walk } from '../../helpers/pages.ts'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { makeEvent, parserOf, PLATFORM, shards, startStore, type Store, deliveryJob } from './queues-fixture.ts'

const QUEUE = deliveriesQueue(PLATFORM, 'crm')

function open(store: Store) {
  const events = createEventLog({ redis: store.commands, shards, eventLogSeconds: 60 })
  const deadLetters = createDeadLetters({ platform: PLATFORM, redis: store.commands, queues: store.queues, events })
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  return { events, deadLetters, deliveries, failed: () => store.queues.open(QUEUE).getFailedCount() }
}

async function start(t: Test) {
  const store = await startStore(t)
  return { store, ...open(store) }
}

function startWorker(store: Store, outcome: (job: DeliveryJob) => JobOutcome) {
  return createQueueWorker<DeliveryJob>({
    connection: store.blocking,
    queue: QUEUE,
    concurrency: 50,
    parse: parserOf(DeliveryJobSchema),
    handle: async (job) => outcome(job),
    backoff: () => 0,
    log: { warn: () => {}, error: () => {} },
  })
}

/** Works on what a large replay or discard leaves. */
function startMaintenance(t: Test, store: Store): void {
  const worker = createQueueWorker<DeadLettersJob>({
    connection: store.blocking,
    queue: MAINTENANCE_QUEUE,
    concurrency: 1,
    parse: parserOf(DeadLettersJobSchema),
    handle: async (job) => {
      await open(store).deadLetters.resume(job)
      return { kind: 'done' }
    },
    backoff: () => 0,
    log: { warn: () => {}, error: () => {} },
  })
  t.teardown(() => worker.close())
}

/** `count` dead letters, made by a worker that is gone again. */
async function fail(store: Store, count: number) {
  const { deliveries, failed } = open(store)
  const worker = startWorker(store, () => ({ kind: 'dead', error: 'HTTP 500' }))
  // In portions, as whoever enqueues many does: one after the other would take long, and all at once longer than a command may.
  const ids = Array.from({ length: count }, (_, n) => `ev_${n}`)
  for (let at = 0; at < count; at += 100) {
    await Promise.all(
      ids.slice(at, at + 100).map((id) => deliveries.enqueueDelivery(deliveryJob(id, { scheduleSeconds: [0] }))),
    )
  }
  await until('all have failed', async () => (await failed()) === count, { timeoutMs: 20_000 })
  await worker.close()
}

void t.test('a dead letter shows the event, its attempts and its last error', async (t) => {
  const { store, deadLetters } = await start(t)
  await fail(store, 1)
  const { items, nextCursor } = await deadLetters.list('crm', { limit: 10, cursor: undefined })
  t.equal(nextCursor, null)
  t.match(items, [
    {
      id: 'ev_0',
      eventId: 'ev_0',
      type: 'wechat.message.text',
      event: makeEvent('ev_0'),
      attempts: 1,
      lastError: 'HTTP 500',
    },
  ])
  t.ok(Math.abs(Date.parse(items[0]?.failedAt ?? '') - Date.now()) < 10_000)
  t.same(await deadLetters.list('other', { limit: 10, cursor: undefined }), { items: [], nextCursor: null })
})

void t.test('pages show each dead letter once, newest first, while entries come and go', async (t) => {
  const { store, deadLetters } = await start(t)
  await fail(store, 60)
  const queue = store.queues.open(QUEUE)
  const ids = await store.commands.zrange(queue.toKey('failed'), '0', '-1')
  // The worst case: all failed at one moment.
  for (const id of ids.slice(0, 50)) await store.commands.zadd(queue.toKey('failed'), 1_700_000_000_000, id)
  const seen = await walk(async (cursor) => {
    const page = await deadLetters.list('crm', { limit: 7, cursor })
    if (cursor === undefined) await queue.remove(page.items.at(-1)?.id ?? '')
    return page
  })
  t.same([seen.length, new Set(pluck(seen, 'id')).size], [60, 60])
  await t.rejects(deadLetters.list('crm', { limit: 7, cursor: 'x' }), { code: 'INVALID_REQUEST' })
})

void t.test('those of one reason are listed, a page looks at 5,000, and says down to when', async (t) => {
  const { store, deadLetters } = await start(t)
  await fail(store, 250)
  const failed = store.queues.open(QUEUE).toKey('failed')
  const others = (await store.commands.zrange(failed, '0', '-1')).filter((_, index) => index % 20 === 0)
  const of = (id: string) => store.queues.open(QUEUE).toKey(id)
  await Promise.all(others.map((id) => store.commands.hset(of(id), 'failedReason', 'timeout')))
  const seen = await walk(async (cursor) => {
    const page = await deadLetters.list('crm', { limit: 5, cursor, reason: 'timeout' })
    t.notOk(page.scannedTo, 'none was left out')
    return page
  })
  t.same(pluck(seen, 'id'), others.toReversed())

  // Older ones than all, of another reason.
  await store.commands.zadd(failed, ...Array.from({ length: 5_000 }, (_, n) => [n + 1, `older-${n}`]).flat())
  const cut = await deadLetters.list('crm', { limit: 50, cursor: undefined, reason: 'timeout' })
  t.equal(cut.items.length, others.length)
  t.equal(cut.scannedTo, new Date(251).toISOString())
  const rest = await deadLetters.list('crm', { limit: 50, cursor: cut.nextCursor ?? undefined, reason: 'timeout' })
  t.same(rest, { items: [], nextCursor: null })
})

void t.test('a page of large ones is short, and the pages have all of them', async (t) => {
  const { store, deadLetters } = await start(t)
  await fail(store, 5)
  const queue = store.queues.open(QUEUE)
  for (const id of await store.commands.zrange(queue.toKey('failed'), '0', '-1')) {
    const data = (await store.commands.hget(queue.toKey(id), 'data')) ?? ''
    await store.commands.hset(
      queue.toKey(id),
      'data',
      data.replace('"data":{', `"data":{"Content2":"${'x'.repeat(220_000)}",`),
    )
  }
  const pages = await pagesOf((cursor) => deadLetters.list('crm', { limit: 100, cursor }))
  t.same(pluck(pages, 'length'), [2, 2, 1])
  t.equal(await deadLetters.discard('crm'), 5)
})

void t.test('a replay resets attempts, keeps the event id, and is logged pending, then delivered', async (t) => {
  const { store, deadLetters, events, failed } = await start(t)
  await events.record(makeEvent('ev_0'), Date.now(), ['crm'])
  await fail(store, 2)
  await events.deliveryChanged({ id: 'ev_0' }, 'crm', { status: 'dead', attempts: 1, lastError: 'HTTP 500' })
  t.equal(await deadLetters.replay('crm', ['ev_0', 'ev_0', 'unknown']), 1)
  t.match((await events.get('ev_0'))?.deliveries, [
    { subscription: 'crm', status: 'pending', attempts: 0, lastError: null },
  ])
  t.equal(await failed(), 1)
  t.equal(await deadLetters.replay('crm', ['ev_0']), 0, 'it is no dead letter any more')

  const attempts: string[] = []
  const worker = startWorker(store, ({ event }) => {
    attempts.push(event.id)
    return attempts.length === 1 ? { kind: 'retry', error: 'HTTP 500' } : { kind: 'done' }
  })
  t.teardown(() => worker.close())
  await until('it was tried twice', () => attempts.length === 2)
  t.same(attempts, ['ev_0', 'ev_0'])
})

void t.test('thousands are replayed at once, and what fails again meanwhile does not go in circles', async (t) => {
  const { store, deadLetters, failed } = await start(t)
  await fail(store, 3_000)
  let runs = 0
  const worker = startWorker(store, () => {
    runs += 1
    return { kind: 'dead', error: 'HTTP 500' }
  })
  t.teardown(() => worker.close())
  t.equal(await deadLetters.replay('crm'), 3_000)
  startMaintenance(t, store)
  await until('all have failed again', async () => runs >= 3_000 && (await failed()) === 3_000, { timeoutMs: 20_000 })
  t.equal(runs, 3_000)
})

void t.test('a discard of thousands answers at once; a worker takes the old ones, not the new', async (t) => {
  const { store, deadLetters, deliveries, failed } = await start(t)
  await fail(store, 2_500)
  t.equal(await deadLetters.discard('crm'), 2_500)
  t.equal(await failed(), 500)
  const worker = startWorker(store, () => ({ kind: 'dead', error: 'HTTP 500' }))
  t.teardown(() => worker.close())
  await deliveries.enqueueDelivery(deliveryJob('ev_meanwhile'))
  await until('one has failed meanwhile', async () => (await failed()) === 501)
  startMaintenance(t, store)
  await until('the older ones are gone', async () => (await failed()) === 1)
  t.match(await deadLetters.list('crm', { limit: 10, cursor: undefined }), { items: [{ id: 'ev_meanwhile' }] })
})

void t.test('discarding removes jobs and marks the log, of the given ones or of all', async (t) => {
  const { store, deadLetters, events, failed, deliveries } = await start(t)
  await events.record(makeEvent('ev_1'), Date.now(), ['crm'])
  await fail(store, 250)
  await deliveries.enqueueDelivery(deliveryJob('ev_waiting'))
  t.equal(await deadLetters.discard('crm', ['ev_1', 'unknown', 'ev_waiting']), 1)
  t.match((await events.get('ev_1'))?.deliveries, [{ status: 'discarded', attempts: 1, lastError: 'HTTP 500' }])
  t.equal(await deadLetters.discard('crm'), 249)
  t.equal(await failed(), 0)
  t.equal(await store.queues.open(QUEUE).count(), 1, 'what waits stays')
})

void t.test('with the store away they reject with STORE_UNAVAILABLE', async (t) => {
  const { store, deadLetters } = await start(t)
  await store.server.kill()
  await t.rejects(deadLetters.list('crm', { limit: 1, cursor: undefined }), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(deadLetters.replay('crm', ['ev_1']), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(deadLetters.discard('crm'), { code: 'STORE_UNAVAILABLE' })
})

void t.test('a replay is another delivery of the event: no queue takes it for a duplicate', async (t) => {
  const store = await startStore(t)
  await fail(store, 1)
  const { deadLetters } = open(store)
  t.equal(await deadLetters.replay('crm'), 1)
  const jobs: DeliveryJob[] = []
  const worker = startWorker(store, (job) => {
    jobs.push(job)
    return { kind: 'done' }
  })
  await until('it runs', () => jobs.length === 1)
  await worker.close()
  t.equal(jobs[0]?.event.id, 'ev_0')
  t.match(jobs[0]?.deliveryId, /^ev_0\.r[0-9a-f]{12}$/)
})

void t.test("a bounded caller lists and takes only its authorizers' dead letters and test events", async (t) => {
  const store = await startStore(t)
  startMaintenance(t, store)
  const { deadLetters, deliveries, failed } = open(store)
  const of = (id: string, changes: object) => ({ ...deliveryJob(id), event: { ...makeEvent(id), ...changes } })
  const testType = { type: 'gateway.subscription.test', authorizerappid: undefined }
  const test = (name: string) => ({ ...testType, data: { subscription: name } })
  const jobs = [
    of('ev_test', test('crm')),
    of('ev_test_of_another', test('other')),
    of('ev_of_none', { authorizerappid: undefined }),
    ...Array.from({ length: 2_400 }, (_, n) => of(`ev_${n}`, { authorizerappid: n % 300 === 0 ? 'wxB' : 'wxA' })),
  ]
  const worker = startWorker(store, () => ({ kind: 'dead', error: 'HTTP 500' }))
  for (const job of jobs) await deliveries.enqueueDelivery(job)
  await until('all have failed', async () => (await failed()) === jobs.length, { timeoutMs: 20_000 })
  await worker.close()
  const only = ['wxB']
  const listAll = () => pagesOf((cursor) => deadLetters.list('crm', { limit: 2, cursor, only }))
  const own = [...Array.from({ length: 8 }, (_, n) => `ev_${n * 300}`), 'ev_test']
  const pages = await listAll()
  t.same(pluck(pages.flat(), 'eventId').toSorted(), own.toSorted())
  t.ok(
    pages.slice(0, -2).every((page) => page.length > 0),
    'a page is empty only where a thousand others stand',
  )
  t.equal(await deadLetters.replay('crm', ['ev_1', 'ev_of_none', 'ev_test_of_another'], only), 0)
  t.equal(await deadLetters.discard('crm', ['ev_1', 'ev_300'], only), 1)
  t.ok((await deadLetters.discard('crm', undefined, only)) < 9)
  await until('the rest is gone, too', async () => (await failed()) === jobs.length - 9)
  t.same((await listAll()).flat(), [])
})
