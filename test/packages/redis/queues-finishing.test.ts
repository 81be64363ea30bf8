// Owns: that jobs which begin or end together, and those taken in their place, stand in Redis as BullMQ itself would have left them.
import { createBatchingBackend, createQueueWorker, jobOptions } from '@wxgw/redis'
import { createRedisBackend, type JobsOptions, Queue, type RedisQueueBackend, Worker, type WorkerOptions } from 'bullmq'
import type { Redis } from 'ioredis'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { picture, PREFIX, startStore, type Store } from './queues-fixture.ts'

const LOCK_MS = 10_000

type Scene = {
  jobs: Array<[id: string, changes?: JobsOptions]>
  /** How many run before all is quiet. Default: all. */
  runs?: number
  /** What the marker says depends on the moment of the look. */
  isTimed?: boolean
  /** While the job with this id runs. */
  during?: Record<string, (queue: Queue, redis: Redis) => Promise<unknown>>
  before?: (queue: Queue) => Promise<unknown>
  value?: unknown
}

const due = (queue: Queue, id: string) => until('it is due', async () => (await queue.getDelayed()).some((job) => job.id === id && job.timestamp + job.delay < Date.now()))

const SCENES: Record<string, Scene> = {
  'plain jobs': { jobs: [['a'], ['b'], ['c']] },
  'jobs with a value': { jobs: [['a'], ['b']], value: { reply: '你好' } },
  'a job that is remembered for a time': { jobs: [['a', { deduplication: { id: 'x', ttl: 60_000 } }], ['b']] },
  'a job that is remembered while it lives': { jobs: [['a', { deduplication: { id: 'x' } }], ['b']] },
  'what is kept when it is completed': { jobs: [['a', { removeOnComplete: { count: 10 } }], ['b'], ['c', { removeOnComplete: false }]] },
  'a delayed job that has time': { jobs: [['a'], ['later', { delay: 100_000 }], ['b']], runs: 2, isTimed: true },
  'a delayed job that becomes due': { jobs: [['a'], ['b'], ['soon', { delay: 20 }]], during: { a: (queue) => due(queue, 'soon') }, isTimed: true },
  'a job that was looked at for having stalled': { jobs: [['a'], ['b']], during: { a: (queue, redis) => redis.sadd(queue.toKey('stalled'), 'a', 'b') } },
  'a job with a priority': { jobs: [['a'], ['urgent', { priority: 3 }], ['b']] },
  'a queue that is paused meanwhile': { jobs: [['a'], ['b'], ['c']], during: { b: (queue) => queue.pause() }, runs: 2 },
  'a queue with a limit for all workers': { jobs: [['a'], ['b'], ['c']], before: (queue) => queue.setGlobalConcurrency(1) },
}

/** How it looks while each job runs, and when there is nothing more to do. */
async function play(store: Store, scene: Scene, { name, batching, tells = true }: { name: string; batching: boolean; tells?: boolean }) {
  const { commands, blocking } = store
  const queue = new Queue(name, { connection: commands, prefix: PREFIX, skipMetasUpdate: true })
  await scene.before?.(queue)
  for (const [id, changes] of scene.jobs) await queue.add('test', { id }, { ...jobOptions(3), jobId: id, ...changes })
  const pictures: Array<Record<string, unknown>> = []
  // When a delayed job is due, the clock decides whether the marker has been taken already.
  const look = async () => {
    const { marker, ...others } = await picture(commands, name)
    // With nothing left to take, BullMQ's marker only makes the worker look once more.
    const isLeft = 'wait' in others || 'prioritized' in others
    return scene.isTimed || marker === undefined || !isLeft ? others : { ...others, marker }
  }
  const options: WorkerOptions = { connection: blocking, prefix: PREFIX, lockDuration: LOCK_MS, drainDelay: 1, skipStalledCheck: true }
  const process = async ({ id }: { id?: string | undefined }) => {
    await scene.during?.[id ?? '']?.(queue, commands)
    pictures.push({ id, ...(await look()) })
    return scene.value
  }
  const worker = batching
    ? new Worker(name, process, options, createBatchingBackend({ connection: blocking, lockMs: LOCK_MS, tells }))
    : new Worker(name, process, options)
  const runs = scene.runs ?? scene.jobs.length
  await until('all is quiet', async () => pictures.length === runs && (await isQuiet(commands, name)))
  pictures.push(await look())
  await worker.close()
  return pictures
}

async function isQuiet(redis: Redis, name: string): Promise<boolean> {
  return (await redis.llen(`${PREFIX}:${name}:active`)) === 0 && (await redis.zscore(`${PREFIX}:${name}:marker`, '0')) === null
}

void t.test('after each job every key, field and event is what BullMQ leaves', async (t) => {
  const store = await startStore(t)
  for (const [what, scene] of Object.entries(SCENES)) {
    const theirs = await play(store, scene, { name: '{theirs}', batching: false })
    t.same(await play(store, scene, { name: '{ours}', batching: true }), theirs, what)
    await store.commands.flushall()
  }
})

void t.test('a queue whose event stream is silent looks the same but for it', async (t) => {
  const store = await startStore(t)
  const withoutEvents = (pictures: Array<Record<string, unknown>>) => pictures.map(({ events: _left, ...others }) => others)
  for (const what of ['plain jobs', 'a job that is remembered while it lives', 'a job with a priority', 'a queue that is paused meanwhile']) {
    const scene = SCENES[what] ?? { jobs: [] }
    const theirs = await play(store, scene, { name: '{theirs}', batching: false })
    const before = await eventsIn(store.commands, '{theirs}')
    const ours = await play(store, scene, { name: '{ours}', batching: true, tells: false })
    t.same(withoutEvents(ours), withoutEvents(theirs), what)
    t.ok((await eventsIn(store.commands, '{ours}')) < before, `${what}: it told of less`)
    await store.commands.flushall()
  }
})

const eventsIn = (redis: Redis, name: string) => redis.xlen(`${PREFIX}:${name}:events`)

/** All that run wait for each other, so that they end at one moment. */
async function startTogether(store: Store, { atOnce, version }: { atOnce: number; version?: string }) {
  const ran: string[] = []
  const errors: string[] = []
  let waiting: Array<() => void> = []
  const options: WorkerOptions = { connection: store.blocking, prefix: PREFIX, lockDuration: LOCK_MS, concurrency: atOnce }
  const worker = new Worker(
    '{ours}',
    async ({ id }) => {
      ran.push(String(id))
      await new Promise<void>((resolve) => waiting.push(resolve))
    },
    options,
    createBatchingBackend({ connection: store.blocking, lockMs: LOCK_MS, ...(version === undefined ? {} : { version }) }),
  )
  worker.on('error', ({ message }) => errors.push(message))
  const endAll = async (count: number) => {
    await until(`${count} run`, () => waiting.length === count)
    const ended = waiting
    waiting = []
    for (const end of ended) end()
  }
  return { worker, ran, errors, endAll }
}

async function addJobs(store: Store, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, n) => `job-${n}`)
  await Promise.all(ids.map((id) => store.queues.add('{ours}', { id, name: 'test', data: { jobId: id }, options: jobOptions(3) })))
  return ids
}

const scriptCalls = async (redis: Redis) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0)

void t.test('jobs that end together are one command, and as many others begin', async (t) => {
  const store = await startStore(t)
  const ids = await addJobs(store, 60)
  const { worker, ran, endAll } = await startTogether(store, { atOnce: 20 })
  await endAll(20)
  await until('the next run', () => ran.length === 40)
  await store.commands.config('RESETSTAT')
  await endAll(20)
  await until('the last run', () => ran.length === 60)
  t.equal(await scriptCalls(store.commands), 1)
  await endAll(20)
  await until('nothing is left', async () => (await store.commands.keys(`${PREFIX}:{ours}:job-*`)).length === 0)
  t.same(ran, ids, 'each once, in their order')
  await worker.close()
})

const HANDLED = { kind: 'done' } as const
type Handle = (id: string) => Promise<void>

/** Of ours, over `store`. Told of each job when it begins. */
function startWorker(t: Test, store: Store, { concurrency, handle }: { concurrency: number; handle: Handle }) {
  const worker = createQueueWorker<{ jobId: string }>({
    connection: store.blocking,
    queue: '{ours}',
    concurrency,
    parse: (data) => data as { jobId: string },
    handle: async ({ jobId }) => {
      await handle(jobId)
      return HANDLED
    },
    log: store.log,
  })
  t.teardown(() => worker.close())
  return worker
}

/** Jobs that run until they are told to end. */
function startHolding(t: Test, store: Store, concurrency: number) {
  const begun: string[] = []
  let end: (() => void) | undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const worker = startWorker(t, store, {
    concurrency,
    handle: (id) => {
      begun.push(id)
      return ended
    },
  })
  return { worker, begun, endAll: () => end?.() }
}

const blocked = async (store: Store) => String(await store.commands.client('LIST')).split('\n').filter((line) => line.includes(' flags=b ')).length
const idle = (store: Store) => until('the worker waits', async () => (await blocked(store)) === 1)
const keyOf = (name: string) => `${PREFIX}:{ours}:${name}`

void t.test('the jobs that wait are taken by one command, in their order, as many as there are places', async (t) => {
  const store = await startStore(t)
  const { begun, endAll } = startHolding(t, store, 20)
  await idle(store)
  await store.commands.config('RESETSTAT')
  const ids = await addJobs(store, 30)
  await until('twenty have begun', () => begun.length === 20)
  t.same(begun, ids.slice(0, 20))
  t.ok((await scriptCalls(store.commands)) <= 6, 'added by two, taken by two or three')
  t.equal(await store.commands.llen(keyOf('active')), 20)
  t.equal(await store.commands.llen(keyOf('wait')), 10)
  endAll()
  await until('all have run', () => begun.length === 30)
  t.same(begun, ids)
})

void t.test('a single job costs one look, and the worker waits again', async (t) => {
  const store = await startStore(t)
  const begun: string[] = []
  startWorker(t, store, { concurrency: 20, handle: async (id) => void begun.push(id) })
  await idle(store)
  await store.commands.config('RESETSTAT')
  await addJobs(store, 1)
  await until('it is done', async () => (await store.commands.exists(keyOf('job-0'))) === 0)
  await idle(store)
  t.same(begun, ['job-0'])
  t.ok((await scriptCalls(store.commands)) <= 4, 'added, taken, ended; and a look for stalled jobs may come in between')
})

void t.test('another worker is woken while jobs are left', async (t) => {
  const store = await startStore(t)
  const workers = [startHolding(t, store, 1), startHolding(t, store, 1)]
  await until('both wait', async () => (await blocked(store)) === 2)
  await addJobs(store, 2)
  // Sooner than one that nobody wakes looks by itself.
  await until('both have one', () => workers.every(({ begun }) => begun.length === 1), { timeoutMs: 2_000 })
  for (const { endAll } of workers) endAll()
})

/** The backend by itself: `ask(n)` is the main loop's n-th question. Without a `worker` it is BullMQ's own. */
function openBackend(t: Test, store: Store, worker?: { freePlaces(): number; isEnding?(): boolean }) {
  const factory = worker ? createBatchingBackend({ connection: store.blocking, lockMs: LOCK_MS, tells: false, ...worker }) : createRedisBackend
  // A lock's life is a worker's option, which its questions carry.
  const options = { connection: store.blocking, prefix: PREFIX, skipMetasUpdate: true, lockDuration: LOCK_MS }
  const queue = new Queue('{ours}', options, factory)
  t.teardown(() => queue.close())
  const { backend } = queue as unknown as { backend: RedisQueueBackend }
  const ask = async (number: number) => (await backend.moveToActive(`w:${number}`))[1] as unknown
  const lockOf = (id: string) => store.commands.get(keyOf(`${id}:lock`))
  const waiting = async () => (await store.commands.lrange(keyOf('wait'), 0, -1)).toReversed()
  return { ask, lockOf, waiting }
}

void t.test('several jobs that are taken at once look as if BullMQ had taken one after the other', async (t) => {
  const store = await startStore(t)
  const pictures: unknown[] = []
  for (const worker of [undefined, { freePlaces: () => 3 }]) {
    await addJobs(store, 4)
    const { ask } = openBackend(t, store, worker)
    t.same([await ask(1), await ask(2), await ask(3)], ['job-0', 'job-1', 'job-2'])
    const { events: _told, ...others } = await picture(store.commands, '{ours}')
    pictures.push(others)
    await store.commands.flushall()
  }
  t.same(pictures[1], pictures[0])
})

void t.test('what the worker does not ask for in the same turn is given back, in its order', async (t) => {
  const store = await startStore(t)
  const ids = await addJobs(store, 4)
  const { ask, lockOf, waiting } = openBackend(t, store, { freePlaces: () => 3 })
  t.equal(await ask(1), 'job-0')
  await until('two are given back', async () => (await waiting()).length === 3)
  t.same(await waiting(), ids.slice(1))
  t.same([await lockOf('job-0'), await lockOf('job-1')], ['w:1', null])
  t.equal(await store.commands.zscore(keyOf('marker'), '0'), '0', 'somebody is woken for them')
  t.equal(await ask(2), 'job-1', 'asked anew')
})

void t.test('what a job that is put off asks for is one job, and takes none that another question has brought', async (t) => {
  const store = await startStore(t)
  await addJobs(store, 4)
  const { ask, lockOf, waiting } = openBackend(t, store, { freePlaces: () => 3 })
  t.equal(await ask(1), 'job-0')
  const [again, next] = await Promise.all([ask(1), ask(2)])
  t.equal(again, 'job-3', 'from the queue')
  t.equal(next, 'job-1')
  t.equal(await lockOf('job-3'), 'w:1')
  await until('the last one is given back', async () => (await waiting()).length === 1)
  t.same(await waiting(), ['job-2'])
})

void t.test('that nothing was left is forgotten when the turn is over', async (t) => {
  const store = await startStore(t)
  await addJobs(store, 1)
  const { ask } = openBackend(t, store, { freePlaces: () => 3 })
  t.equal(await ask(1), 'job-0')
  await store.queues.add('{ours}', { id: 'late', name: 'test', data: {}, options: jobOptions(3) })
  t.equal(await ask(2), 'late')
})

void t.test('a worker that ends while its question is under way begins with one of those that it gets, and gives back the others', async (t) => {
  const store = await startStore(t)
  const ids = await addJobs(store, 4)
  const { ask, lockOf, waiting } = openBackend(t, store, { freePlaces: () => 10, isEnding: () => true })
  t.equal(await ask(1), 'job-0')
  t.same(await waiting(), ids.slice(1))
  t.equal(await lockOf('job-1'), null)
})

void t.test('a job that was taken from the worker is its own fault, and the others end', async (t) => {
  const store = await startStore(t)
  await addJobs(store, 5)
  const { worker, errors, endAll } = await startTogether(store, { atOnce: 5 })
  await until('all run', async () => (await store.commands.llen(`${PREFIX}:{ours}:active`)) === 5)
  await store.commands.del(`${PREFIX}:{ours}:job-1`, `${PREFIX}:{ours}:job-1:lock`)
  await store.commands.set(`${PREFIX}:{ours}:job-3:lock`, 'another’s')
  await endAll(5)
  await until('the others are gone', async () => {
    const left = await store.commands.keys(`${PREFIX}:{ours}:job-*`)
    return left.length === 2 && errors.length >= 2
  })
  t.same((await store.commands.lrange(`${PREFIX}:{ours}:active`, 0, -1)).sort(), ['job-1', 'job-3'])
  t.match(errors.join('\n'), /Missing key for job job-1/)
  t.match(errors.join('\n'), /Lock mismatch for job job-3/)
  await worker.close()
})

void t.test('another version of BullMQ ends its jobs by itself', async (t) => {
  const store = await startStore(t)
  await addJobs(store, 6)
  const { worker, ran, endAll } = await startTogether(store, { atOnce: 3, version: '6.8.0' })
  await endAll(3)
  await until('the next run', () => ran.length === 6)
  await store.commands.config('RESETSTAT')
  await endAll(3)
  await until('nothing is left', async () => (await store.commands.keys(`${PREFIX}:{ours}:job-*`)).length === 0)
  t.ok((await scriptCalls(store.commands)) >= 3)
  await worker.close()
})
