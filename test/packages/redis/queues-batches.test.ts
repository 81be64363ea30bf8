// Owns: that jobs added several at once stand in Redis as BullMQ itself would have written them, and that each learns its own fate.
import { createJobBatches, createQueues, type JobBatches, jobOptions } from '@wxgw/redis'
import { type JobsOptions, Queue, Worker } from 'bullmq'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { makeEvent, picture, PREFIX, startStore } from './queues-fixture.ts'

type Job = Parameters<JobBatches['add']>[1]

function job(id: string, remembered: Pick<Job, 'deduplication'> = {}): Job {
  return { id: `job-${id}`, name: 'fan-out', data: { v: 1, event: makeEvent(id) }, options: jobOptions(5), ...remembered }
}

/** As BullMQ's own way of adding takes them. */
function optionsOf({ id, options, deduplication }: Job): JobsOptions {
  return { ...options, jobId: id, ...(deduplication ? { deduplication } : {}) }
}

const REMEMBERED = { deduplication: { id: 'open1.ev_1', ttl: 60_000 } }
const WITHOUT_TIME = { deduplication: { id: 'open1.sync' } }

/** Each is a sequence of adds to one queue, one after the other. */
const SEQUENCES: Record<string, Job[]> = {
  'a plain job': [job('a')],
  'a job that is remembered for a time': [job('a', REMEMBERED)],
  'a duplicate by its content': [job('a', REMEMBERED), job('b', REMEMBERED)],
  'a duplicate by its id': [job('a'), job('a')],
  'a duplicate by both': [job('a', REMEMBERED), job('a', REMEMBERED)],
  'one at a time': [job('a', WITHOUT_TIME), job('b', WITHOUT_TIME)],
  'several and different': [job('a', REMEMBERED), job('b'), job('c', { deduplication: { id: 'x', ttl: 60_000 } }), job('d', REMEMBERED)],
  'what consumers get': [{ ...job('a'), id: 'ev_a', options: { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 10_000 } } }],
  'empty data': [{ ...job('a'), data: undefined }],
}

void t.test('every key and field is what BullMQ writes', async (t) => {
  const { commands, queues } = await startStore(t)
  for (const [what, jobs] of Object.entries(SEQUENCES)) {
    const theirs = new Queue('{theirs}', { connection: commands, prefix: PREFIX, skipMetasUpdate: true })
    const expectedIds: unknown[] = []
    for (const one of jobs) expectedIds.push((await theirs.add(one.name, one.data, optionsOf(one))).id)
    const expected = await picture(commands, '{theirs}')
    await commands.flushall()

    t.same(await Promise.all(jobs.map((one) => queues.add('{ours}', one))), expectedIds, `${what}: the ids`)
    t.same(await picture(commands, '{ours}'), expected, `${what}: in one batch`)
    await commands.flushall()

    const ids = []
    for (const one of jobs) ids.push(await queues.add('{ours}', one))
    t.same(ids, expectedIds, `${what}: the ids, one by one`)
    t.same(await picture(commands, '{ours}'), expected, `${what}: one by one`)
    await commands.flushall()
  }
})

void t.test('a lean job says nothing twice, and is the same job to whoever runs it', async (t) => {
  const { commands, blocking, queues } = await startStore(t)
  const lean = (id: string): Job => ({ ...job(id, REMEMBERED), lean: true })
  t.same([await queues.add('{ours}', lean('a')), await queues.add('{ours}', lean('b'))], ['job-a', 'job-a'], 'one is remembered for a time')
  const fields = await commands.hgetall(`${PREFIX}:{ours}:job-a`)
  t.same(Object.keys(fields).sort(), ['data', 'delay', 'name', 'opts', 'priority', 'timestamp'])
  t.same(JSON.parse(fields['opts'] ?? ''), { attempts: 5, backoff: { type: 'worker' }, removeOnComplete: true, stackTraceLimit: 0 })

  const runs: Array<{ id: string | undefined; attempts: number | undefined; data: unknown }> = []
  const run = async ({ id, opts, data }: { id?: string | undefined; opts: { attempts?: number }; data: unknown }) => {
    runs.push({ id, attempts: opts.attempts, data })
    if (runs.length === 1) throw new Error('once more')
  }
  const worker = new Worker('{ours}', run, { connection: blocking, prefix: PREFIX, settings: { backoffStrategy: () => 1 } })
  await until('it has run twice', () => runs.length === 2)
  await until('it is gone', async () => (await commands.exists(`${PREFIX}:{ours}:job-a`)) === 0)
  const whole = { id: 'job-a', attempts: 5, data: lean('a').data }
  t.same(runs, [whole, whole])
  t.equal(await queues.add('{ours}', lean('c')), 'job-a', 'and still remembered')
  await worker.close()
})

void t.test('lean jobs stand in Redis as others do, but for what only tells of them', async (t) => {
  const { commands, queues } = await startStore(t)
  const options = jobOptions(5)
  const remembered = (id: string): Job => ({ ...job(id), options, deduplication: { id: `open1.${id}`, ttl: 60_000 } })
  const jobs = ['a', 'b', 'a', 'c'].map((id, index) => ({ ...remembered(id), id: `job-${index}` }))
  const theirs = new Queue('{theirs}', { connection: commands, prefix: PREFIX, skipMetasUpdate: true })
  const expectedIds: unknown[] = []
  for (const one of jobs) expectedIds.push((await theirs.add(one.name, one.data, optionsOf(one))).id)
  t.same(await Promise.all(jobs.map((one) => queues.add('{ours}', { ...one, lean: true }))), expectedIds)
  const [expected, found] = [await picture(commands, '{theirs}'), await picture(commands, '{ours}')]
  t.same(Object.keys(found).sort(), Object.keys(expected).filter((key) => !['events', 'meta'].includes(key)).sort())
  for (const key of ['wait', 'marker', 'de:open1.a', 'de:open1.b', 'de:open1.c']) t.same(found[key], expected[key], key)
  t.match(await commands.info('commandstats'), /cmdstat_lpush:calls=4,/, 'BullMQ three times, and once for all of ours')
})

void t.test('a lean job that is refused is refused alone, and leaves nothing that would hold back the next', async (t) => {
  const { commands, queues } = await startStore(t)
  const options = jobOptions(5)
  const lean = (id: string): Job => ({ ...job(id), options, deduplication: { id: `open1.${id}`, ttl: 60_000 }, lean: true })
  await commands.lpush(`${PREFIX}:{ours}:de:open1.b`, 'no string')
  const outcomes = await Promise.allSettled(['a', 'b', 'c'].map((id) => queues.add('{ours}', lean(id))))
  t.same(outcomes.map(({ status }) => status), ['fulfilled', 'rejected', 'fulfilled'])
  t.same((await commands.lrange(`${PREFIX}:{ours}:wait`, 0, -1)).sort(), ['job-a', 'job-c'])
  await commands.del(`${PREFIX}:{ours}:de:open1.b`)
  t.equal(await queues.add('{ours}', lean('b')), 'job-b', 'and is accepted when it can be')
  t.equal(await queues.add('{ours}', lean('b')), 'job-b', 'sent twice by the driver it is the same job')
  await commands.del(`${PREFIX}:{ours}:de:open1.b`)
  t.equal(await queues.add('{ours}', lean('b')), 'job-b', 'and when it is remembered no longer')
  t.equal(await commands.llen(`${PREFIX}:{ours}:wait`), 3)
})

void t.test('lean jobs wake nobody in a paused queue and in a full one', async (t) => {
  const { commands, queues } = await startStore(t)
  for (const field of ['paused', 'concurrency']) {
    await commands.hset(`${PREFIX}:{ours}:meta`, field, 1)
    await commands.rpush(`${PREFIX}:{ours}:active`, 'another')
    await queues.add('{ours}', { ...job('a', REMEMBERED), lean: true })
    t.equal(await commands.llen(`${PREFIX}:{ours}:wait`), 1)
    t.equal(await commands.exists(`${PREFIX}:{ours}:marker`), 0, field)
    await commands.flushall()
  }
})

void t.test('a paused queue and a full one wake nobody, as with BullMQ', async (t) => {
  const { commands, queues } = await startStore(t)
  for (const field of ['paused', 'concurrency']) {
    const theirs = new Queue('{theirs}', { connection: commands, prefix: PREFIX, skipMetasUpdate: true })
    for (const name of ['{theirs}', '{ours}']) {
      await commands.hset(`${PREFIX}:${name}:meta`, field, 1)
      await commands.rpush(`${PREFIX}:${name}:active`, 'another')
    }
    await theirs.add('fan-out', job('a').data, optionsOf(job('a')))
    await queues.add('{ours}', job('a'))
    t.same(await picture(commands, '{ours}'), await picture(commands, '{theirs}'), field)
    t.equal(await commands.exists(`${PREFIX}:{ours}:marker`), 0)
    await commands.flushall()
  }
})

void t.test('a key of de-duplication whose job is gone holds nothing back, as with BullMQ', async (t) => {
  const { commands, queues } = await startStore(t)
  const theirs = new Queue('{theirs}', { connection: commands, prefix: PREFIX, skipMetasUpdate: true })
  for (const name of ['{theirs}', '{ours}']) await commands.set(`${PREFIX}:${name}:de:open1.sync`, 'gone')
  const one = job('a', WITHOUT_TIME)
  t.equal((await theirs.add(one.name, one.data, optionsOf(one))).id, 'job-a')
  t.equal(await queues.add('{ours}', job('a', WITHOUT_TIME)), 'job-a')
  t.same(await picture(commands, '{ours}'), await picture(commands, '{theirs}'))
})

void t.test('what one moment adds is one command, and BullMQ’s worker runs all of it in its order', async (t) => {
  const { commands, blocking, queues } = await startStore(t)
  const wanted = Array.from({ length: 600 }, (_, index) => job(String(index), { deduplication: { id: `d${index}`, ttl: 60_000 } }))
  await queues.add('{ours}', job('first'))
  await commands.config('RESETSTAT')
  const ids = await Promise.all(wanted.map((one) => queues.add('{ours}', one)))
  t.same(ids, wanted.map(({ id }) => id))
  const stats = await commands.info('commandstats')
  t.match(stats, /cmdstat_evalsha:calls=24,/, 'at most 25 at once')

  const seen: string[] = []
  const worker = new Worker('{ours}', async ({ id }) => void seen.push(String(id)), { connection: blocking, prefix: PREFIX })
  await until('all have run', () => seen.length === wanted.length + 1)
  t.same(seen, ['job-first', ...ids])
  await worker.close()
})

void t.test('one that is refused is refused alone', async (t) => {
  const { commands, queues } = await startStore(t)
  await commands.lpush(`${PREFIX}:{ours}:de:poisoned`, 'no string')
  const outcomes = await Promise.allSettled([
    queues.add('{ours}', job('a', REMEMBERED)),
    queues.add('{ours}', job('b', { deduplication: { id: 'poisoned' } })),
    queues.add('{ours}', job('c')),
  ])
  t.same(outcomes.map(({ status }) => status), ['fulfilled', 'fulfilled', 'fulfilled'].map((status, index) => (index === 1 ? 'rejected' : status)))
  t.same((await commands.lrange(`${PREFIX}:{ours}:wait`, 0, -1)).sort(), ['job-a', 'job-c'])
})

void t.test('all of a batch are refused when Redis is away', async (t) => {
  const { server, queues } = await startStore(t)
  await queues.add('{ours}', job('a'))
  await server.kill()
  const outcomes = await Promise.allSettled([queues.add('{ours}', job('b')), queues.add('{ours}', job('c'))])
  t.same(outcomes.map(({ status }) => status), ['rejected', 'rejected'])
})

void t.test('after a restart of Redis, which has forgotten the script, nothing is refused', async (t) => {
  const { commands, queues } = await startStore(t)
  await queues.add('{ours}', job('a'))
  await commands.script('FLUSH')
  t.same(await Promise.all([queues.add('{ours}', job('b')), queues.add('{ours}', job('c'))]), ['job-b', 'job-c'])
})

void t.test('another version of BullMQ writes for itself, and each job still learns its own fate', async (t) => {
  const { commands, log } = await startStore(t)
  const own = createQueues({ connection: commands, log })
  t.teardown(() => own.close())
  const { add } = createJobBatches({ connection: commands, open: own.open, version: '6.8.0' })
  await commands.config('RESETSTAT')
  const ids = await Promise.all([add('{ours}', job('a', REMEMBERED)), add('{ours}', job('b', REMEMBERED)), add('{ours}', job('c'))])
  t.same(ids, ['job-a', 'job-a', 'job-c'])
  t.match(await commands.info('commandstats'), /cmdstat_hmset:calls=2,/, 'by BullMQ, that writes with HMSET')
})
