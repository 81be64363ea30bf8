// Owns: how jobs are run: retried, given up, put off, and what is kept of their failures.
import { setTimeout as delay } from 'node:timers/promises'
import { createQueueWorker, type JobContext, type JobOutcome, jobOptions } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { Type, type Static } from 'typebox'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'
import { dump, parserOf, startStore, type Store } from './queues-fixture.ts'

const Payload = Type.Object({ n: Type.Number() })
const QUEUE = '{wx-test}'

type Run = { n: number; context: JobContext }

function work(
  t: Tap,
  store: Store,
  handle: (run: Run) => Promise<JobOutcome>,
  options: { concurrency?: number; closeTimeoutMs?: number; backoff?: (attempt: number) => number } = {},
) {
  const runs: Run[] = []
  const worker = createQueueWorker({
    connection: store.blocking,
    queue: QUEUE,
    concurrency: 5,
    parse: parserOf(Payload),
    handle: async ({ n }: Static<typeof Payload>, context) => {
      const run = { n, context }
      runs.push(run)
      return handle(run)
    },
    log: store.log,
    backoff: () => 5,
    ...options,
  })
  t.teardown(() => worker.close())
  return { runs, worker }
}
type Tap = Pick<typeof t, 'teardown'>

async function startWork(t: Test, handle: Parameters<typeof work>[2], options?: Parameters<typeof work>[3]) {
  const store = await startStore(t)
  return { store, ...work(t, store, handle, options) }
}

async function add(store: Store, data: unknown, attempts = 3) {
  const job = await store.queues
    .open(QUEUE)
    .add('test', data, { ...jobOptions(attempts), jobId: `job-${Math.random()}` })
  if (!job.id) throw new Error('no id')
  return job.id
}

const failedJob = (store: Store, id: string) =>
  until('the job has failed', async () => {
    const queue = store.queues.open(QUEUE)
    return (await queue.getFailed()).find((job) => job.id === id)
  })

void t.test('a job that fails is tried as often as its attempts say and then stands in the failed set', async (t) => {
  const { store, runs } = await startWork(t, async () => ({ kind: 'retry', error: 'HTTP 500' }))
  const job = await failedJob(store, await add(store, { n: 1 }))
  t.same(
    runs.map(({ context }) => [context.attempt, context.attemptsLeft]),
    [
      [1, 2],
      [2, 1],
      [3, 0],
    ],
  )
  t.equal(job.failedReason, 'HTTP 500')
  t.equal(job.attemptsMade, 3)
  t.same(job.stacktrace, [])
  t.match(store.log.lines.find(({ message }) => message === 'job.dead')?.fields, {
    queue: QUEUE,
    jobId: job.id,
    reason: 'HTTP 500',
  })
})

void t.test('the delay asked for is waited, and the next attempt is not sooner', async (t) => {
  const store = await startStore(t)
  const times: number[] = []
  work(t, store, async () => {
    times.push(Date.now())
    return times.length < 2 ? { kind: 'retry', error: 'HTTP 503', delayMs: 300 } : { kind: 'done' }
  })
  await add(store, { n: 1 })
  await until('it ran twice', () => times.length === 2)
  t.ok((times[1] ?? 0) - (times[0] ?? 0) >= 300)
})

void t.test('a dead outcome ends the job at once, whatever attempts are left', async (t) => {
  const { store, runs } = await startWork(t, async () => ({
    kind: 'dead',
    error: new GatewayError('AUTHORIZER_REVOKED', 'the authorizer has revoked'),
  }))
  const job = await failedJob(store, await add(store, { n: 1 }))
  t.equal(runs.length, 1)
  t.equal(job.failedReason, 'AUTHORIZER_REVOKED: the authorizer has revoked')
})

void t.test('a delayed outcome uses up no attempt', async (t) => {
  const { store, runs } = await startWork(t, async ({ context }) =>
    runs.length < 4 ? { kind: 'delay', delayMs: 5 } : { kind: 'dead', error: `attempt ${context.attempt}` },
  )
  const job = await failedJob(store, await add(store, { n: 1 }, 2))
  const found = runs.map(({ context }) => context.attempt)
  t.same(found, [1, 1, 1, 1])
  t.equal(job.failedReason, 'attempt 1')
})

void t.test('a thrown error decides: retry, no retry; a dead store costs no attempt', async (t) => {
  const { store, runs } = await startWork(t, async ({ n }) => {
    if (n === 1) throw new GatewayError('WECHAT_API_TIMEOUT', 'WeChat is slow', { retry: true })
    if (n === 2) throw new GatewayError('INVALID_REQUEST', 'never')
    if (runs.filter((run) => run.n === 3).length === 1)
      throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
    return { kind: 'dead', error: 'seen' }
  })
  const ids = await Promise.all([1, 2, 3].map((n) => add(store, { n }, 2)))
  const [first, second, third] = await Promise.all(ids.map((id) => failedJob(store, id)))
  t.match([first?.failedReason, first?.attemptsMade], ['WECHAT_API_TIMEOUT: WeChat is slow', 2])
  t.match([second?.failedReason, second?.attemptsMade], ['INVALID_REQUEST: never', 1])
  t.match([third?.failedReason, third?.attemptsMade], ['seen', 1])
})

void t.test('the text of an unexpected error is kept nowhere, neither in Redis nor in the log', async (t) => {
  const { store } = await startWork(t, async () => {
    throw new TypeError('token CANARY is undefined')
  })
  const job = await failedJob(store, await add(store, { n: 1 }, 2))
  t.equal(job.failedReason, 'TypeError')
  t.notMatch(await dump(store.commands), /CANARY/)
  t.notMatch(JSON.stringify(store.log.lines), /CANARY/)
  t.match(store.log.lines.find(({ message }) => message === 'job.threw')?.fields, { error: 'TypeError', attempt: 1 })
})

void t.test('data that is no such payload is given up without being handled', async (t) => {
  const { store, runs } = await startWork(t, async () => ({ kind: 'done' }))
  const job = await failedJob(store, await add(store, { n: 'one' }))
  t.equal(runs.length, 0)
  t.match(job.failedReason, /^INTERNAL/)
})

void t.test('close waits for the running job and takes no further one', async (t) => {
  const store = await startStore(t)
  let finish = () => {}
  const held = new Promise<void>((resolve) => (finish = resolve))
  const { runs, worker } = work(
    t,
    store,
    async () => {
      await held
      return { kind: 'done' }
    },
    { concurrency: 1 },
  )
  await add(store, { n: 1 })
  await add(store, { n: 2 })
  await until('the first runs', () => runs.length === 1)
  const closed = worker.close()
  t.equal(worker.close(), closed)
  finish()
  await closed
  t.equal(runs.length, 1)
  t.equal(await store.queues.open(QUEUE).getWaitingCount(), 1)
  t.equal(await store.queues.open(QUEUE).getActiveCount(), 0)
})

void t.test('close tells a job that does not end to stop, and lets go of it', async (t) => {
  const { store, runs, worker } = await startWork(
    t,
    ({ context }) =>
      new Promise((resolve) => context.signal.addEventListener('abort', () => resolve({ kind: 'delay', delayMs: 0 }))),
    { closeTimeoutMs: 50 },
  )
  await add(store, { n: 1 })
  await until('it runs', () => runs.length === 1)
  await worker.close()
  t.equal(runs[0]?.context.signal.aborted, true)
  const counts = await store.queues.open(QUEUE).getJobCounts('waiting', 'delayed', 'failed')
  t.same(counts, { waiting: 0, delayed: 1, failed: 0 })
})

void t.test('a worker goes on by itself after Redis was away, and closes although it is away', async (t) => {
  const { store, runs, worker } = await startWork(t, async () => ({ kind: 'done' }))
  await add(store, { n: 1 })
  await until('the first ran', () => runs.length === 1)
  await store.server.kill()
  await store.server.start()
  await until('a job is taken again', () => add(store, { n: 2 }).catch(() => undefined))
  await until('it runs', () => runs.length === 2)
  await store.server.kill()
  const elapsedMs = startStopwatch()
  await worker.close()
  t.ok(elapsedMs() < 8_000)
})

void t.test('a full Redis does not make the worker spin, and work goes on when there is room', async (t) => {
  const store = await startStore(t)
  await Promise.all([1, 2, 3, 4].map((n) => add(store, { n })))
  await store.commands.config('SET', 'maxmemory', '1')
  const before = await commandCount(store)
  const startedAt = performance.now()
  const { runs } = work(t, store, async () => ({ kind: 'done' }))
  const refusals = () => store.log.lines.filter(({ fields }) => fields['code'] === 'OOM').length
  await until('it was refused twice', () => refusals() >= 2)
  const perSecond = ((await commandCount(store)) - before) / ((performance.now() - startedAt) / 1000)
  t.ok(perSecond < 200, `${perSecond} commands/s; without the brake thousands`)
  await store.commands.config('SET', 'maxmemory', '0')
  await until('all run', () => runs.length === 4)
})

async function commandCount(store: Store): Promise<number> {
  const info = await store.commands.info('stats')
  return Number(/total_commands_processed:(\d+)/.exec(info)?.[1])
}

/** So many calls of the server's scripts have there been. */
async function scriptCalls({ commands }: Store): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await commands.info('commandstats'))?.[1] ?? 0)
}

void t.test('a job that comes alone costs four scripts at most', async (t) => {
  const { store, runs } = await startWork(t, async () => ({ kind: 'done' }))
  const runAlone = async (n: number) => {
    await add(store, { n })
    await until(
      'it has run and nothing is left of it',
      async () => runs.length === n && !(await store.commands.exists(`bull:${QUEUE}:active`)),
    )
  }
  await runAlone(1)
  const before = await scriptCalls(store)
  for (let n = 2; n <= 41; n += 1) await runAlone(n)
  const each = ((await scriptCalls(store)) - before) / 40
  t.ok(each < 4.3, `${each}`)
})

void t.test('no job waits for another that takes long, and one that is due later comes in time', async (t) => {
  const store = await startStore(t)
  const ends: Array<() => void> = []
  const { runs } = work(t, store, async () => {
    await new Promise<void>((resolve) => ends.push(resolve))
    return { kind: 'done' }
  })
  await add(store, { n: 1 })
  await until('the first runs', () => runs.length === 1)
  await store.queues.open(QUEUE).add('test', { n: 4 }, { ...jobOptions(1), jobId: 'due', delay: 700 })
  // Sooner than the worker would look without being told (5 s).
  const soon = { timeoutMs: 4_000 }
  for (const n of [2, 3]) {
    await add(store, { n })
    await until('the next runs, too', () => runs.length === n, soon)
  }
  await until('what was put off runs', () => runs.length === 4, soon)
  for (const end of ends) end()
})

void t.test('of jobs that come in any rhythm none is passed over, however many workers there are', async (t) => {
  const store = await startStore(t)
  const handle = async ({ n }: Run): Promise<JobOutcome> => {
    if (n % 3 === 0) await delay(n % 7)
    return { kind: 'done' }
  }
  const workers = [work(t, store, handle, { concurrency: 2 }), work(t, store, handle)]
  const ran = () => workers.reduce((sum, { runs }) => sum + runs.length, 0)
  for (let n = 1; n <= 300; n += 1) {
    await add(store, { n })
    if (n % 5 === 0) await delay(n % 11)
    if (n % 25 === 0) await until('all have run', () => ran() === n, { timeoutMs: 4_000 })
  }
})

void t.test('a worker whose first commands are refused takes jobs once they are not', async (t) => {
  const store = await startStore(t)
  const admin = store.connect({})
  await admin.call('ACL', 'SETUSER', 'app', 'on', '>word', '~*', '&*', '+@all', '-info')
  const blocking = store.connect({
    username: 'app',
    password: 'word',
    maxRetriesPerRequest: null,
    enableReadyCheck: false,
  })
  const { runs } = work(t, { ...store, blocking }, async () => ({ kind: 'done' }))
  await add(store, { n: 1 })
  await until('it was refused', () => store.log.lines.some(({ message }) => message === 'worker.failed'))
  await admin.call('ACL', 'SETUSER', 'app', '+info')
  await until('the job runs', () => runs.length === 1)
})
