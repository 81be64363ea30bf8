// Which subscriptions a worker process works on: those with something to deliver, by connections that do not grow with
// their number.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import { createDeliveryQueue, createPendingWork, deliveriesQueue } from '@wxgw/redis'
import { type DeliveryOutcome, type DeliveryWorkersDeps, startDeliveryWorkers } from '@wxgw/worker'
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'
import t from 'tap'
import { until } from '../../../helpers/until.ts'
import { makeEvent, PLATFORM, startStore, type Store } from '../../../packages/redis/queues-fixture.ts'
import { subscription } from '../delivery-fixtures.ts'

type Tap = Pick<typeof t, 'teardown'>

function jobFor(name: string, id: string): DeliveryJob {
  const event = makeEvent(id)
  const about = { platform: PLATFORM, subscription: name, event, receivedAtMs: 1, deliveryId: id }
  return { v: 1, kind: 'deliver', ...about, scheduleSeconds: [0, 0] }
}

type Options = Partial<Pick<DeliveryWorkersDeps, 'deliver' | 'idleMs' | 'pendingWork'>> & {
  store: Store
  subscriptions: readonly Subscription[] | (() => readonly Subscription[])
}

function start(t: Tap, { store, subscriptions, deliver, pendingWork, idleMs = 3_600_000 }: Options) {
  const delivered: string[] = []
  const done = async (): Promise<DeliveryOutcome> => ({ kind: 'done', what: 'delivered' })
  const workers = startDeliveryWorkers({
    platform: PLATFORM,
    connection: store.blocking,
    subscriptions: {
      all: async () => (typeof subscriptions === 'function' ? subscriptions() : subscriptions),
      endPending: async () => {},
    },
    pendingWork: pendingWork ?? createPendingWork(store.commands),
    deliver: async (job, attempt) => {
      const outcome = await (deliver ?? done)(job, attempt)
      if (outcome.kind === 'done') delivered.push(`${job.subscription} ${job.event.id}`)
      return outcome
    },
    log: store.log,
    idleMs,
  })
  t.teardown(() => workers.close())
  return { workers, delivered }
}

const enqueue = (store: Store) => createDeliveryQueue({ queues: store.queues, redis: store.commands }).enqueueDelivery
const clients = async (store: Store) =>
  String(await store.commands.client('LIST'))
    .trim()
    .split('\n').length

void t.test('five hundred subscriptions share the connections of one; idle ones have no worker', async (t) => {
  const store = await startStore(t)
  const names = Array.from({ length: 500 }, (_, n) => `s${n}`)
  const before = await clients(store)
  const subscriptions = names.map((name, n) => subscription(name, { reply: n % 10 === 0 }))
  const { workers, delivered } = start(t, { store, subscriptions, idleMs: 300 })
  t.same(workers.current(), [])
  for (const name of names) await enqueue(store)(jobFor(name, 'ev_1'))
  let most = 0
  await until('each has its delivery', async () => {
    most = Math.max(most, await clients(store))
    return delivered.length === names.length
  })
  t.equal(most, before)
  await until('all are idle again', () => workers.current().length === 0)
  t.equal(await clients(store), before)
})

void t.test('a delivery that this process enqueues starts without a poll, for a new subscription too', async (t) => {
  const store = await startStore(t)
  const subscriptions = [subscription('crm')]
  const blind = async () => undefined
  const { workers, delivered } = start(t, { store, subscriptions: () => [...subscriptions], pendingWork: blind })
  subscriptions.push(subscription('new'))
  for (const [name, id] of [
    ['crm', 'ev_1'],
    ['crm', 'ev_2'],
    ['new', 'ev_3'],
  ] as const) {
    await enqueue(store)(jobFor(name, id))
    workers.wake(name)
    await until(`${id} is delivered`, () => delivered.includes(`${name} ${id}`))
  }
  workers.wake('unknown')
})

void t.test('an idle subscription gets the retry that falls due, and what another process has enqueued', async (t) => {
  const store = await startStore(t)
  let failures = 2
  const deliver = async (): Promise<DeliveryOutcome> =>
    (failures -= 1) >= 0 ? { kind: 'retry', delayMs: 1_200, error: 'HTTP 500' } : { kind: 'done', what: 'delivered' }
  const { workers, delivered } = start(t, { store, subscriptions: [subscription('crm')], deliver, idleMs: 100 })
  await enqueue(store)(jobFor('crm', 'ev_1'))
  await until('it is idle, with a retry to come', async () => failures < 2 && workers.current().length === 0)
  await until('the retries are made', () => delivered.includes('crm ev_1'))
})

void t.test('what a killed process held of an idle subscription is delivered by another within 20 s', async (t) => {
  const store = await startStore(t)
  const dying = new Redis(store.server.port, '127.0.0.1', { maxRetriesPerRequest: null })
  dying.on('error', () => {})
  t.teardown(() => dying.disconnect())
  let taken = false
  const worker = new Worker(
    deliveriesQueue(PLATFORM, 'crm'),
    async () => {
      taken = true
      await new Promise(() => {})
    },
    // As ours has it; no lock is renewed: to Redis its process is dead.
    { connection: dying, lockDuration: 10_000, skipLockRenewal: true, skipStalledCheck: true },
  )
  t.teardown(() => worker.close(true))
  await enqueue(store)(jobFor('crm', 'ev_1'))
  await until('it is held', () => taken)
  const runs: Array<[id: string, isAfterKill: boolean | undefined]> = []
  const deliver: DeliveryWorkersDeps['deliver'] = async ({ event }, { number, isAfterKill }) => {
    runs.push([event.id, isAfterKill])
    return number === 1 ? { kind: 'retry', delayMs: 0, error: 'HTTP 500' } : { kind: 'done', what: 'delivered' }
  }
  const { delivered } = start(t, { store, subscriptions: [subscription('crm')], deliver })
  await until('another delivers it', () => delivered.includes('crm ev_1'), { timeoutMs: 20_000 })
  await enqueue(store)(jobFor('crm', 'ev_2'))
  await until('the next one is tried again', () => delivered.includes('crm ev_2'))
  t.same(
    runs,
    [
      ['ev_1', true],
      ['ev_1', true],
      ['ev_2', false],
      ['ev_2', false],
    ],
    'a retry is not taken for a kill',
  )
})

void t.test('one that hangs, with all its places taken, delays no other', async (t) => {
  const store = await startStore(t)
  const names = ['a', 'hangs', 'z']
  let release = () => {}
  const released = new Promise<void>((resolve) => (release = resolve))
  const { delivered, workers } = start(t, {
    store,
    subscriptions: names.map((name) => subscription(name)),
    deliver: async (job) => {
      if (job.subscription === 'hangs') await released
      return { kind: 'done', what: 'delivered' }
    },
  })
  for (let n = 0; n < 30; n += 1) for (const name of names) await enqueue(store)(jobFor(name, `ev_${n}`))
  await until('the others have theirs', () => delivered.length === 60)
  t.equal(
    workers
      .current()
      .find(({ queue }) => queue === deliveriesQueue(PLATFORM, 'hangs'))
      ?.active(),
    10,
  )
  release()
  await until('and it has its own', () => delivered.length === 90)
})

void t.test('after an outage of Redis deliveries go on', async (t) => {
  const store = await startStore(t)
  const { delivered } = start(t, { store, subscriptions: [subscription('crm')], idleMs: 100 })
  await store.server.kill()
  await until('the poll has noticed', () => store.log.lines.some(({ message }) => message === 'deliveries.not_polled'))
  await store.server.start()
  await until('Redis is back', () =>
    enqueue(store)(jobFor('crm', 'ev_1')).then(
      () => true,
      () => false,
    ),
  )
  await until('it is delivered', () => delivered.includes('crm ev_1'))
})

void t.test('a paused subscription has no worker until it goes on; a disabled one has, paused or not', async (t) => {
  const store = await startStore(t)
  let current = [
    subscription('crm', { paused: true }),
    subscription('off', { paused: true, enabled: false }),
    subscription('on'),
  ]
  const { workers, delivered } = start(t, { store, subscriptions: () => current })
  for (const name of ['crm', 'off', 'on']) {
    await enqueue(store)(jobFor(name, 'ev_1'))
    workers.wake(name)
  }
  await until('the others have theirs', () => delivered.length === 2)
  t.same(delivered.toSorted(), ['off ev_1', 'on ev_1'])
  t.equal(await store.queues.open(deliveriesQueue(PLATFORM, 'crm')).getWaitingCount(), 1, 'kept')
  current = [subscription('crm'), subscription('off', { enabled: false }), subscription('on')]
  await until('it goes on', () => delivered.includes('crm ev_1'))
  await enqueue(store)(jobFor('crm', 'ev_2'))
  current = [subscription('crm', { paused: true })]
  await until(
    'its worker is closed',
    () => !workers.current().some(({ queue }) => queue === deliveriesQueue(PLATFORM, 'crm')),
  )
})

void t.test('jobs taken before a pause return to the head of the queue', async (t) => {
  const store = await startStore(t)
  for (const id of ['ev_1', 'ev_2', 'ev_3']) await enqueue(store)(jobFor('crm', id))
  let isPaused = true
  const taken: string[] = []
  const { workers, delivered } = start(t, {
    store,
    subscriptions: [subscription('crm')],
    deliver: async ({ event }) => {
      taken.push(event.id)
      return isPaused ? { kind: 'back' } : { kind: 'done', what: 'delivered' }
    },
  })
  await until('one was taken, and its worker is closed', () => taken.length > 0 && workers.current().length === 0)
  const queue = store.queues.open(deliveriesQueue(PLATFORM, 'crm'))
  await until('all stand there', async () => (await queue.getWaitingCount()) === 3)
  isPaused = false
  taken.length = 0
  await until('they are delivered', () => delivered.length === 3)
  t.equal(new Set(taken).size, 3)
})
