// Owns: what many at one moment ask of the event log, of a stream and of the subscriptions: few commands, and nobody suffers for another.
import { createEventLog, createSinkWriter, createSubscriptions } from '@wxgw/redis'
import type { Redis } from 'ioredis'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { APP_ID, keys, makeEvent, PLATFORM, sealer, shards, startStore } from './queues-fixture.ts'

/** Why one is disabled. */
const AFTER = { failures: 1, sinceMs: 0, lastError: 'HTTP 410' }

const OTHER = 'wxfedcba9876543210'
const STREAM = 'wx:{stream.open1.bi}'

async function calls(redis: Redis, command: string): Promise<number> {
  const found = new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await redis.info('commandstats'))
  return Number(found?.[1] ?? 0)
}

void t.test('events recorded at once keep their own subscriptions, accounts and states', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 60 })
  await log.record(makeEvent('first'), 1, [])
  await log.deliveryChanged({ id: 'first' }, 'crm', { status: 'delivered', attempts: 1 })
  await commands.config('RESETSTAT')
  const at = Date.now()
  const wanted = Array.from({ length: 300 }, (_, n) => `ev_${String(n).padStart(3, '0')}`)
  await Promise.all(
    wanted.map((id, n) =>
      log.record(makeEvent(id, { authorizerappid: n % 2 ? OTHER : APP_ID }), at + n, n % 3 ? ['crm'] : ['bi', 'crm']),
    ),
  )
  t.equal(await calls(commands, 'evalsha'), 12, 'at most 25 at once')
  await Promise.all(
    wanted.map((id, n) =>
      log.deliveryChanged({ id: id }, 'crm', { status: n % 5 ? 'delivered' : 'retrying', attempts: 1 }),
    ),
  )
  t.equal(await calls(commands, 'evalsha'), 24)

  const own = await log.find({ authorizer: OTHER, limit: 500, cursor: undefined })
  t.same(pluck(own.items, 'id'), wanted.filter((_, n) => n % 2).toReversed())
  const states = (id: string) =>
    log.get(id).then((event) => event?.deliveries.map((state) => `${state.subscription} ${state.status}`))
  t.same(await states('ev_000'), ['bi pending', 'crm retrying'])
  t.same(await states('ev_001'), ['crm delivered'])
  t.same(await states('ev_003'), ['bi pending', 'crm delivered'])
})

void t.test('several changes of one delivery at one moment are judged in their order', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 60 })
  await log.record(makeEvent('ev_1'), Date.now(), ['crm'])
  await Promise.all([
    log.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'retrying', attempts: 1, lastError: 'HTTP 500' }),
    log.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'delivered', attempts: 2 }),
    log.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'dead', attempts: 1, lastError: 'late' }),
    log.deliveryChanged({ id: 'forgotten' }, 'crm', { status: 'delivered', attempts: 1 }),
  ])
  t.match((await log.get('ev_1'))?.deliveries, [{ status: 'delivered', attempts: 2, lastError: null }])
  t.equal(await log.get('forgotten'), undefined)
})

void t.test('an event whose key holds something else is refused alone', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 60 })
  await commands.set(keys.event('ev_2'), 'no hash')
  const outcomes = await Promise.allSettled(
    ['ev_1', 'ev_2', 'ev_3'].map((id) => log.record(makeEvent(id), Date.now(), ['crm'])),
  )
  t.same(pluck(outcomes, 'status'), ['fulfilled', 'rejected', 'fulfilled'])
  t.equal((await log.find({ limit: 10, cursor: undefined })).items.length, 2)
})

void t.test("entries appended at once keep order and bounds; one stream's error is its own", async (t) => {
  const { commands, queues } = await startStore(t)
  const { appendToStream } = createSinkWriter({ queues, redis: commands })
  const fields = (id: string) => ({ id, type: 'wechat.message.text', event: JSON.stringify(makeEvent(id)) })
  const append = (id: string, maxLength?: number) => appendToStream({ stream: STREAM, fields: fields(id), maxLength })
  await commands.set(`${STREAM}-broken`, 'no stream')
  await commands.config('RESETSTAT')
  const outcomes = await Promise.allSettled([
    ...Array.from({ length: 50 }, (_, n) => append(`ev_${n}`)),
    appendToStream({ stream: `${STREAM}-broken`, fields: fields('ev_0'), maxLength: undefined }),
  ])
  const found = (await calls(commands, 'evalsha')) + (await calls(commands, 'eval'))
  t.equal(found, 6, 'three batches, and the script was unknown to each')
  t.same(pluck(outcomes, 'status'), [...Array<string>(50).fill('fulfilled'), 'rejected'])
  t.match(outcomes.at(-1), { reason: { code: 'INTERNAL' } })
  const ids = async () => (await commands.xrange(STREAM, '-', '+')).map(([, values]) => values[1])
  t.same(
    await ids(),
    Array.from({ length: 50 }, (_, n) => `ev_${n}`),
  )
  t.same((await commands.xrange(STREAM, '-', '+', 'COUNT', 1))[0]?.[1], Object.entries(fields('ev_0')).flat())

  await Promise.all(Array.from({ length: 20 }, (_, n) => append(`last_${n}`, 3)))
  t.same(await ids(), ['last_17', 'last_18', 'last_19'])
})

void t.test('reads at one moment share one answer, newer than each of them', async (t) => {
  const { commands, queues } = await startStore(t)
  const deps = { platform: PLATFORM, platforms: [PLATFORM], redis: commands, keys, sealer, queues }
  const open = () => createSubscriptions({ ...deps, shards, checkWebhookUrl: () => undefined })
  const [here, elsewhere] = [open(), open()]
  await here.put('bi', { sink: { kind: 'stream' } })
  t.match(await elsewhere.get('bi'), { enabled: true })
  await commands.config('RESETSTAT')
  const asked = [...Array.from({ length: 20 }, () => elsewhere.get('bi')), elsewhere.all(0).then(([first]) => first)]
  for (const answer of await Promise.all(asked)) t.match(answer, { name: 'bi', enabled: true })
  t.equal(await calls(commands, 'get'), 1)
  await here.disable('bi', AFTER)
  t.match(await elsewhere.get('bi'), { enabled: false })
  t.equal(await elsewhere.get('unknown'), undefined)
})
