// Owns: deliveries with their schedule, and what consumers that read Redis themselves find there.
import { type DeliveryJob, DeliveryJobSchema } from '@wxgw/contracts'
import {
  createDeliveryQueue,
  createQueueWorker,
  createSinkWriter,
  deliveriesQueue,
  type EnqueueOptions,
  type JobContext,
  type JobOutcome,
  sinkStream,
} from '@wxgw/redis'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { words } from '../../helpers/words.ts'
import { makeEvent, parserOf, PLATFORM, startStore, type Store, deliveryJob } from './queues-fixture.ts'

const QUEUE = deliveriesQueue(PLATFORM, 'crm')

function deliver(t: Tap, store: Store, handle: (job: DeliveryJob, context: JobContext) => Promise<JobOutcome>) {
  const attempts: number[] = []
  const worker = createQueueWorker<DeliveryJob>({
    connection: store.blocking,
    queue: QUEUE,
    concurrency: 5,
    parse: parserOf(DeliveryJobSchema),
    handle: (job, context) => {
      attempts.push(context.attempt)
      return handle(job, context)
    },
    backoff: (attempt, job) => (job.scheduleSeconds[attempt - 1] ?? 0) * 1_000,
    log: store.log,
  })
  t.teardown(() => worker.close())
  return attempts
}
type Tap = Pick<typeof t, 'teardown'>

function enqueue(store: Store, job: DeliveryJob, options?: EnqueueOptions) {
  return createDeliveryQueue({ queues: store.queues, redis: store.commands }).enqueueDelivery(job, options)
}

const deadLetter = (store: Store) =>
  until('there is a dead letter', async () => (await store.queues.open(QUEUE).getFailed())[0])

void t.test('attempts are one more than the schedule is long, and its times are kept', async (t) => {
  const store = await startStore(t)
  const times: number[] = []
  deliver(t, store, async () => {
    times.push(Date.now())
    return { kind: 'retry', error: 'HTTP 500' }
  })
  await enqueue(store, deliveryJob('ev_1', { scheduleSeconds: [0, 1] }))
  const dead = await deadLetter(store)
  t.equal(times.length, 3)
  const pause = (times[2] ?? 0) - (times[1] ?? 0)
  t.ok(pause >= 1_000 && pause < 1_200 + 500, `${pause} ms`)
  const found = { id: dead.id, attempts: dead.attemptsMade, reason: dead.failedReason }
  t.match(found, { id: 'ev_1', attempts: 3, reason: 'HTTP 500' })
})

void t.test('an empty schedule is a single attempt', async (t) => {
  const store = await startStore(t)
  const attempts = deliver(t, store, async () => ({ kind: 'retry', error: 'HTTP 500' }))
  await enqueue(store, deliveryJob('ev_1'))
  await deadLetter(store)
  t.same(attempts, [1])
})

void t.test('a delivery enqueued twice is made once, while it waits and after it is done', async (t) => {
  const store = await startStore(t)
  await enqueue(store, deliveryJob('ev_1'))
  await enqueue(store, deliveryJob('ev_1'))
  t.equal(await store.queues.open(QUEUE).count(), 1)
  const attempts = deliver(t, store, async () => ({ kind: 'done' }))
  await until(
    'it is done and removed',
    async () => attempts.length === 1 && (await store.queues.open(QUEUE).getJob('ev_1')) === undefined,
  )
  await enqueue(store, deliveryJob('ev_1'))
  t.equal(await store.queues.open(QUEUE).count(), 0)
})

void t.test('attempts made before it was queued count', async (t) => {
  const store = await startStore(t)
  await enqueue(store, deliveryJob('ev_1', { scheduleSeconds: [0, 0] }), {
    delayMs: 50,
    attemptsMade: 1,
    lastError: 'HTTP 500',
  })
  const attempts = deliver(t, store, async () => ({ kind: 'retry', error: 'HTTP 502' }))
  const dead = await deadLetter(store)
  t.same(attempts, [2, 3])
  t.equal(dead.attemptsMade, 3)
})

void t.test('a delivery without attempts left becomes a dead letter without another attempt', async (t) => {
  const store = await startStore(t)
  await enqueue(store, deliveryJob('ev_1'), { attemptsMade: 1, lastError: 'HTTP 500' })
  const attempts = deliver(t, store, async () => ({ kind: 'done' }))
  const dead = await deadLetter(store)
  t.same(attempts, [])
  t.match(dead, { failedReason: 'HTTP 500', attemptsMade: 1 })
  await enqueue(store, deliveryJob('ev_2', { scheduleSeconds: [0, 86_400] }), {
    attemptsMade: 1,
    lastError: 'HTTP 410',
    isFinal: true,
  })
  const final = await until('there is another', async () =>
    (await store.queues.open(QUEUE).getFailed()).find(({ id }) => id === 'ev_2'),
  )
  t.same(attempts, [])
  t.match(final, { failedReason: 'HTTP 410', attemptsMade: 1 })
})

void t.test('a dead letter that was final has its whole schedule again when it is replayed', async (t) => {
  const store = await startStore(t)
  await enqueue(store, deliveryJob('ev_1', { scheduleSeconds: [0, 0] }), {
    attemptsMade: 1,
    lastError: 'HTTP 410',
    isFinal: true,
  })
  const attempts = deliver(t, store, async () => ({ kind: 'retry', error: 'HTTP 503' }))
  const dead = await deadLetter(store)
  await dead.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true })
  const again = await until('it is dead again', async () =>
    (await store.queues.open(QUEUE).getFailed()).find(({ failedReason }) => failedReason === 'HTTP 503'),
  )
  t.same(attempts, [1, 2, 3])
  t.equal(again.attemptsMade, 3)
})

void t.test('a stream gets every event, and never holds more than maxLength', async (t) => {
  const store = await startStore(t)
  const writer = createSinkWriter({ queues: store.queues, redis: store.commands })
  const stream = sinkStream(PLATFORM, 'crm')
  for (let n = 0; n < 25; n += 1)
    await writer.appendToStream({ stream, fields: { id: `ev_${n}`, type: 'wechat.message.text', event: '{}' } })
  t.equal(await store.commands.xlen(stream), 25)
  await writer.appendToStream({
    stream,
    fields: { id: 'ev_x', type: 'wechat.message.text', event: '{}' },
    maxLength: 7,
  })
  t.equal(await store.commands.xlen(stream), 7)
  const [last] = await store.commands.xrevrange(stream, '+', '-', 'COUNT', 1)
  t.same(last?.[1], ['id', 'ev_x', 'type', 'wechat.message.text', 'event', '{}'])
})

void t.test('sinks in a store that is away reject with STORE_UNAVAILABLE', async (t) => {
  const store = await startStore(t)
  const writer = createSinkWriter({ queues: store.queues, redis: store.commands })
  await store.server.kill()
  await t.rejects(writer.appendToStream({ stream: 's', fields: { id: '1' } }), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(writer.addToConsumerQueue({ queue: '{q}', jobId: 'ev_1', name: 'n', data: makeEvent('ev_1') }), {
    code: 'STORE_UNAVAILABLE',
  })
  await t.rejects(enqueue(store, deliveryJob('ev_1')), { code: 'STORE_UNAVAILABLE' })
})

void t.test('a delivery whose id is none of ours never becomes a key of the queue', async (t) => {
  const store = await startStore(t)
  for (const id of [
    'wait',
    'active',
    'meta',
    'de:ev_1',
    'ev_1:lock',
    'ev_',
    '',
    '1',
    'ev_1.rx',
    'ev_1.r1.r2:',
    'ev_1\n',
    '__proto__',
    'ev_\u0000',
  ]) {
    for (const options of [{}, { delayMs: 1_000 }, { attemptsMade: 1, lastError: 'x' }]) {
      await t.rejects(
        enqueue(store, { ...deliveryJob('ev_1'), deliveryId: id }, options),
        { code: 'INTERNAL' },
        JSON.stringify(id),
      )
    }
  }
  t.same(await store.commands.keys('*'), [])
  for (const id of words`
    ev_1 gw_0f8fad5b-d9cb-469f-a165-70867728950e test-0f8fad5b-d9cb-469f-a165-70867728950e ev_1.r0123456789ab
  `) {
    await enqueue(store, { ...deliveryJob('ev_1'), deliveryId: id })
  }
  t.equal(await store.queues.open(QUEUE).count(), 4)
})

void t.test('a held delivery is taken back, or continues from the result made elsewhere', async (t) => {
  const store = await startStore(t)
  const queue = store.queues.open(QUEUE)
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  const hold = (id: string) => enqueue(store, deliveryJob(id, { scheduleSeconds: [60] }), { delayMs: 40_000 })
  await Promise.all(['ev_back', 'ev_failed', 'ev_dead', 'ev_cut'].map(hold))
  await deliveries.takeBack(deliveryJob('ev_back'))
  await deliveries.takeBack(deliveryJob('ev_back'))
  t.equal(await queue.getJob('ev_back'), undefined)
  await enqueue(store, deliveryJob('ev_failed', { scheduleSeconds: [60] }), {
    isHeld: true,
    delayMs: 60_000,
    attemptsMade: 1,
    lastError: 'HTTP 503',
  })
  t.match(await queue.getJob('ev_failed'), { attemptsMade: 1, failedReason: 'HTTP 503', delay: 60_000 })

  const attempts = deliver(t, store, async () => ({ kind: 'done' }))
  await enqueue(store, deliveryJob('ev_dead', { scheduleSeconds: [60] }), {
    isHeld: true,
    isFinal: true,
    attemptsMade: 1,
    lastError: 'HTTP 410',
  })
  t.match(await deadLetter(store), { id: 'ev_dead', attemptsMade: 1, failedReason: 'HTTP 410' })
  await enqueue(store, deliveryJob('ev_cut', { scheduleSeconds: [60] }), { isHeld: true })
  await until('it is delivered', async () => (await queue.getJob('ev_cut')) === undefined)
  t.same(attempts, [1])
  await deliveries.takeBack(deliveryJob('ev_dead'))
  t.ok(await queue.getJob('ev_dead'), 'what does not wait is left alone')
})
