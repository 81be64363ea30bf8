// Owns: hearing what consumers return from their jobs: over one connection, whatever stands in their queues, over
// outages and restarts.
import { createConsumerReturns, createSinkWriter, queueKey, type ReturnedJob, sinkQueue } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import { Worker } from 'bullmq'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { keys, makeEvent, PLATFORM, startStore, type Store } from './queues-fixture.ts'

const streamOf = (name: string) => queueKey(sinkQueue(PLATFORM, name), 'events')

type Tap = Pick<typeof t, 'teardown'>
type Options = { names?: readonly string[]; onReturn?: (returned: ReturnedJob) => Promise<void>; lapMs?: number }

function listen(t: Tap, store: Store, { names = ['crm'], onReturn, lapMs = 20 }: Options = {}) {
  const heard: ReturnedJob[] = []
  const returns = createConsumerReturns({
    redis: store.commands,
    positions: keys.consumerReturns,
    onReturn: async (returned) => {
      await onReturn?.(returned)
      heard.push(returned)
    },
    log: store.log,
    lapMs,
  })
  t.teardown(() => returns.close())
  returns.follow(new Map(names.map((name) => [name, sinkQueue(PLATFORM, name)])))
  return { returns, heard, ids: () => heard.map(({ jobId }) => jobId) }
}

async function start(t: Test, options?: Options) {
  const store = await startStore(t)
  return { store, ...listen(t, store, options) }
}

const complete = (store: Store, jobId: string, { name = 'crm', returnvalue = '{}' } = {}) =>
  store.commands.xadd(streamOf(name), '*', 'event', 'completed', 'jobId', jobId, 'returnvalue', returnvalue)

const completeLong = (store: Store, jobId: string, returnvalue: string) =>
  store.blocking.xadd(streamOf('crm'), '*', 'event', 'completed', 'jobId', jobId, 'returnvalue', returnvalue)

const completeAt = (store: Store, name: string, atMs: number) =>
  store.commands.xadd(streamOf(name), `${atMs}-0`, 'event', 'completed', 'jobId', 'old', 'returnvalue', '{}')

/** What the gateway's scripts answer from now on. */
function answersOf(t: Test, store: Store): unknown[][] {
  const answers: unknown[][] = []
  for (const [name, command] of [
    ['evalsha', 'EVALSHA'],
    ['eval', 'EVAL'],
  ] as const) {
    t.capture(store.commands, name, async function (this: Store['commands'], ...args: string[]) {
      const answer = await this.call(command, ...args)
      if (Array.isArray(answer)) answers.push(answer)
      return answer
    })
  }
  return answers
}

void t.test('a queue consumer finds one job per delivery, and what it returns is heard', async (t) => {
  const store = await startStore(t)
  const queue = sinkQueue(PLATFORM, 'crm')
  const writer = createSinkWriter({ queues: store.queues, redis: store.commands })
  const { heard } = listen(t, store)
  const event = makeEvent('ev_1')
  const seen: unknown[] = []
  const consumer = new Worker(
    queue,
    async (job) => {
      seen.push([job.id, job.name, job.data])
      return { reply: { MsgType: 'text', Content: 'hi' } }
    },
    { connection: store.blocking },
  )
  t.teardown(() => consumer.close())
  const job = { queue, jobId: 'ev_1', name: event.type, data: event }
  await writer.addToConsumerQueue(job)
  await until('the return is heard', () => heard.length > 0)
  await writer.addToConsumerQueue(job)
  t.same(seen, [['ev_1', 'wechat.message.text', event]])
  t.same(heard, [{ name: 'crm', jobId: 'ev_1', value: { reply: { MsgType: 'text', Content: 'hi' } } }])
})

void t.test('whatever a consumer writes into its stream, the next return is heard, and those of others', async (t) => {
  const { store, heard, ids } = await start(t, { names: ['crm', 'other', 'broken'] })
  await store.commands.set(streamOf('broken'), 'no stream')
  const entries = [
    ['event', 'completed', 'jobId', 'no value'],
    ['event', 'completed', 'returnvalue', '{}'],
    ['event', 'completed', 'jobId', 'no JSON', 'returnvalue', '<no json>'],
    ['event', 'completed', 'jobId', 'null', 'returnvalue', 'null'],
    ['event', 'failed', 'jobId', 'failed', 'returnvalue', '{}'],
    ['event', 'completed', 'jobId', 'deep', 'returnvalue', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['event', 'completed', 'jobId', 'long', 'returnvalue', JSON.stringify({ reply: 'x'.repeat(2_000_000) })],
    ['__proto__', 'completed', 'event', 'completed', 'jobId', '__proto__', 'returnvalue', '{"__proto__":1}'],
    ['x', 'y'],
  ]
  for (const entry of entries) await store.commands.xadd(streamOf('crm'), '*', ...entry)
  for (const name of ['crm', 'other']) await complete(store, `last of ${name}`, { name })
  await until('both are heard', () => ids().includes('last of crm') && ids().includes('last of other'))
  const found = ids().filter((id) => id !== 'last of other')
  t.same(found, ['deep', 'long', '__proto__', 'last of crm'])
  t.same(heard.find(({ jobId }) => jobId === 'long')?.value, { reply: 0 }, 'too long to be a reply, and none')
})

void t.test('long entries are read one by one, once, and stay in Redis; returns behind them are read', async (t) => {
  const store = await startStore(t)
  await store.commands.hset(keys.consumerReturns, 'crm', `${Date.now() - 1_000}-0`)
  for (let n = 0; n < 20; n += 1) await completeLong(store, `ev_${n}`, `"${'x'.repeat(1_000_000)}"`)
  for (let n = 0; n < 4; n += 1) await completeLong(store, 'x'.repeat(8_000_000), '{}')
  await complete(store, 'behind them')
  await complete(store, 'of another', { name: 'other' })
  const answers = answersOf(t, store)
  const { ids } = listen(t, store, { names: ['crm', 'other'] })
  await until('both are heard', () => ids().includes('behind them') && ids().includes('of another'))
  t.ok(ids().indexOf('of another') < 10, 'the other queue does not wait for them')
  t.equal(ids().length, 22, 'too long a value is heard as no reply, too long an id not at all')
  const ends = answers.flatMap(([, , last, jobId]) => (last === '' || jobId === 'of another' ? [] : [last]))
  t.equal(new Set(ends).size, ends.length, 'nothing is read twice')
  t.equal(ends.length, 25, 'a read ends at the first long entry')
  t.ok(
    answers.every((answer) => answer.join('').length < 300),
    'what is long does not leave Redis',
  )
})

void t.test('a queue whose reads fail is read by less and less, then passed over', async (t) => {
  const store = await startStore(t)
  const asked: number[] = []
  let isFailing = true
  t.capture(store.commands, 'evalsha', async function (this: Store['commands'], ...args: string[]) {
    if (!isFailing || !args[2]?.includes('crm')) return this.call('EVALSHA', ...args)
    asked.push(Number(args[4]))
    throw new Error('Command timed out')
  })
  const { ids } = listen(t, store, { names: ['crm', 'other'] })
  await complete(store, 'passed over')
  await complete(store, 'of another', { name: 'other' })
  await until('the other is heard', () => ids().includes('of another'))
  await until('it is read one by one', () => asked.length === 10)
  isFailing = false
  await complete(store, 'behind it')
  await until('the next is heard', () => ids().includes('behind it'))
  t.same(asked, [100, 50, 25, 12, 6, 3, 1, 1, 1, 1])
})

void t.test('an outage of Redis loses none', async (t) => {
  const { store, ids } = await start(t)
  await complete(store, 'before')
  await until('the first is heard', () => ids().includes('before'))
  await store.server.kill()
  await store.server.start()
  await until('Redis is back', () => complete(store, 'after').catch(() => undefined))
  await until('it is heard after the outage', () => ids().includes('after'))
})

void t.test('a return that a dead store did not take is read again, with all behind it', async (t) => {
  const store = await startStore(t)
  let failures = 3
  const { ids } = listen(t, store, {
    onReturn: async () => {
      if ((failures -= 1) >= 0) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
    },
  })
  for (let n = 0; n < 250; n += 1) await complete(store, `job ${n}`)
  await until('all are heard', () => new Set(ids()).size === 250)
})

void t.test('a process that starts goes on where the last one was, and hears nothing again', async (t) => {
  const store = await startStore(t)
  const first = listen(t, store)
  await complete(store, 'one')
  await until(
    'it is remembered',
    async () => first.ids().includes('one') && (await store.commands.hexists(keys.consumerReturns, 'crm')) === 1,
  )
  await first.returns.close()
  await complete(store, 'two')
  const second = listen(t, store)
  await until('what came between is heard', () => second.ids().includes('two'))
  t.same(second.ids(), ['two'])
  second.returns.follow(new Map())
  await until(
    'who is no longer followed is forgotten',
    async () => (await store.commands.hexists(keys.consumerReturns, 'crm')) === 0,
  )
})

void t.test('returns from before the subscription was followed are no reply, but for 5 seconds', async (t) => {
  const store = await startStore(t)
  const [seconds] = await store.commands.time()
  await completeAt(store, 'crm', (Number(seconds) - 60) * 1000)
  await complete(store, 'new')
  const { ids } = listen(t, store)
  await until('the new one is heard', () => ids().length > 0)
  t.same(ids(), ['new'])
  await store.commands.hset(keys.consumerReturns, 'late', '1-0')
  await completeAt(store, 'late', (Number(seconds) - 3600) * 1000)
  await complete(store, 'new', { name: 'late' })
  const late = listen(t, store, { names: ['late'] })
  await until('the new one is heard', () => late.ids().length > 0)
  t.same(late.ids(), ['new'], 'nor what is older than ten minutes, however long nobody listened')
})

void t.test('where a reply is awaited its queue is read at once, although the next lap is far off', async (t) => {
  const { store, returns, ids } = await start(t, { lapMs: 3_600_000 })
  returns.expect('unknown', 'ev_0', Date.now() + 60_000)
  returns.expect('crm', 'ev_0', Date.now() - 1)
  returns.expect('crm', 'ev_1', Date.now() + 60_000)
  await complete(store, 'ev_1')
  await until('it is heard', () => ids().includes('ev_1'))
})

void t.test('a thousand queues are followed over the connection that is there', async (t) => {
  const store = await startStore(t)
  const clients = async () =>
    String(await store.commands.client('LIST'))
      .trim()
      .split('\n').length
  const before = await clients()
  const names = Array.from({ length: 1_000 }, (_, n) => `s${n}`)
  const { ids } = listen(t, store, { names, lapMs: 1_000 })
  for (const name of names) void complete(store, name, { name })
  await until('all are heard', () => ids().length === 1_000)
  t.equal(await clients(), before)
})
