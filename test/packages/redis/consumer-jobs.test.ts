// Owns: that jobs added to a consumer's queue several at once stand there as BullMQ itself would have written them.
import { createConsumerJobs, createQueues, installedVersion, KNOWN_VERSIONS, versionGap } from '@wxgw/redis'
import { type JobsOptions, Queue, Worker } from 'bullmq'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { makeEvent, picture, PREFIX, startStore, type Store } from './queues-fixture.ts'

type Job = { id: string; name: string; data: unknown; options: Pick<JobsOptions, 'removeOnComplete' | 'removeOnFail'> }

const OPTIONS = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 10_000 } }
const job = (id: string): Job => ({
  id: `ev_${id}`,
  name: 'wechat.message.text',
  data: makeEvent(id),
  options: OPTIONS,
})

/** Each is a sequence of adds to one queue, one after the other. */
const SEQUENCES: Record<string, Job[]> = {
  'a job': [job('a')],
  'one that is there': [job('a'), job('a')],
  'several and different': [job('a'), { ...job('b'), name: 'x' }, { ...job('c'), options: {} }, job('a')],
  'empty data': [{ ...job('a'), data: undefined }],
}

/** By our script, whatever is installed: what differs then is seen here. */
const openOurs = ({ commands, queues }: Store, version = KNOWN_VERSIONS.bullmq) =>
  createConsumerJobs({ connection: commands, open: queues.open, version })

const openTheirs = ({ commands }: Store) =>
  new Queue('{theirs}', { connection: commands, prefix: PREFIX, skipMetasUpdate: true })

void t.test('the scripts write the format of the BullMQ that is installed', async (t) => {
  t.equal(
    installedVersion('bullmq'),
    KNOWN_VERSIONS.bullmq,
    'BullMQ was raised: when the tests below pass, and the changes of its addStandardJob were read, set KNOWN_VERSIONS (driver-versions.ts)',
  )
  t.equal(versionGap('bullmq'), undefined)
  t.match(versionGap('bullmq', '6.8.0'), /BullMQ 6\.8\.0 is installed/)
})

void t.test('every key and field is what BullMQ writes', async (t) => {
  const store = await startStore(t)
  const { commands } = store
  for (const [what, jobs] of Object.entries(SEQUENCES)) {
    const theirs = openTheirs(store)
    for (const { id, name, data, options } of jobs) await theirs.add(name, data, { ...options, jobId: id })
    const expected = await picture(commands, '{theirs}')
    await commands.flushall()

    const ours = openOurs(store)
    await Promise.all(jobs.map((one) => ours.add('{ours}', one)))
    t.same(await picture(commands, '{ours}'), expected, `${what}: in one batch`)
    await commands.flushall()

    for (const one of jobs) await ours.add('{ours}', one)
    t.same(await picture(commands, '{ours}'), expected, `${what}: one by one`)
    await commands.flushall()
  }
})

void t.test('a paused queue and a full one wake nobody, as with BullMQ', async (t) => {
  const store = await startStore(t)
  const { commands } = store
  for (const field of ['paused', 'concurrency']) {
    for (const name of ['{theirs}', '{ours}']) {
      await commands.hset(`${PREFIX}:${name}:meta`, field, 1)
      await commands.rpush(`${PREFIX}:${name}:active`, 'another')
    }
    const { id, name, data, options } = job('a')
    await openTheirs(store).add(name, data, { ...options, jobId: id })
    await openOurs(store).add('{ours}', job('a'))
    t.same(await picture(commands, '{ours}'), await picture(commands, '{theirs}'), field)
    t.equal(await commands.exists(`${PREFIX}:{ours}:marker`), 0)
    await commands.flushall()
  }
})

void t.test('what one moment adds is one command, and BullMQ’s worker runs all of it in its order', async (t) => {
  const store = await startStore(t)
  const { commands, blocking } = store
  const ours = openOurs(store)
  const wanted = Array.from({ length: 600 }, (_, index) => job(String(index)))
  await ours.add('{ours}', job('first'))
  await commands.config('RESETSTAT')
  await Promise.all(wanted.map((one) => ours.add('{ours}', one)))
  t.match(await commands.info('commandstats'), /cmdstat_evalsha:calls=24,/, 'at most 25 at once')

  const seen: string[] = []
  const worker = new Worker('{ours}', async ({ id }) => void seen.push(String(id)), {
    connection: blocking,
    prefix: PREFIX,
  })
  await until('all have run', () => seen.length === wanted.length + 1)
  t.same(seen, ['ev_first', ...wanted.map(({ id }) => id)])
  await worker.close()
})

void t.test('one that is refused is refused alone', async (t) => {
  const store = await startStore(t)
  const { commands } = store
  const ours = openOurs(store)
  const circular: Record<string, unknown> = {}
  circular['self'] = circular
  const outcomes = await Promise.allSettled([
    ours.add('{ours}', job('a')),
    ours.add('{ours}', { ...job('b'), data: circular }),
    ours.add('{ours}', job('c')),
  ])
  t.same(pluck(outcomes, 'status'), ['fulfilled', 'rejected', 'fulfilled'])
  t.same((await commands.lrange(`${PREFIX}:{ours}:wait`, 0, -1)).sort(), ['ev_a', 'ev_c'])
})

void t.test(
  'a queue of which a key has another type takes no part of a job, and the job when it has its type',
  async (t) => {
    const store = await startStore(t)
    const { commands } = store
    for (const part of ['wait', 'meta', 'id', 'active', 'events', 'marker']) {
      const key = `${PREFIX}:{ours}:${part}`
      const ours = openOurs(store)
      await (part === 'id' ? commands.rpush(key, 'no') : commands.set(key, 'no'))
      const refused = () =>
        ours.add('{ours}', job('a')).then(
          () => 'added',
          () => 'refused',
        )
      t.same([await refused(), await refused()], ['refused', 'refused'], part)
      t.equal(await commands.exists(`${PREFIX}:{ours}:ev_a`), 0, `${part}: no part of it`)
      await commands.del(key)
      await ours.add('{ours}', job('a'))
      t.same(await commands.lrange(`${PREFIX}:{ours}:wait`, 0, -1), ['ev_a'], part)
      await commands.flushall()
    }
  },
)

void t.test('all of a batch are refused when Redis is away, and none when it has forgotten the script', async (t) => {
  const store = await startStore(t)
  const ours = openOurs(store)
  const two = () => Promise.allSettled(['b', 'c'].map((id) => ours.add('{ours}', job(id))))
  await ours.add('{ours}', job('a'))
  await store.commands.script('FLUSH')
  t.same(pluck(await two(), 'status'), ['fulfilled', 'fulfilled'])
  await store.server.kill()
  t.same(pluck(await two(), 'status'), ['rejected', 'rejected'])
})

void t.test('with another version of BullMQ it writes for itself', async (t) => {
  const store = await startStore(t)
  const { commands, log } = store
  const own = createQueues({ connection: commands, log })
  t.teardown(() => own.close())
  const { add } = createConsumerJobs({ connection: commands, open: own.open, version: '6.8.0' })
  await commands.config('RESETSTAT')
  await Promise.all([add('{ours}', job('a')), add('{ours}', job('a')), add('{ours}', job('c'))])
  t.equal(await commands.llen(`${PREFIX}:{ours}:wait`), 2)
  t.match(await commands.info('commandstats'), /cmdstat_hmset:calls=2,/, 'by BullMQ, that writes with HMSET')
})
