// Owns: what is spread over shards is found again: the hash, the number of shards, claims, states and lists; which worker
// serves which inbox, and which inbox takes a job.
import {
  createEventClaims,
  createEventLog,
  createInboxChoice,
  createMessageShards,
  createOrderedEvents,
  createShardCount,
  createUnsettledDeliveries,
  createWorkerRegistry,
  inboxesOf,
  INBOX_WORKERS_KEY,
  messageInbox,
  platformKeys,
  queueKey,
  SHARD_COUNT_KEY,
  shardCountCopyKey,
  shardKeys,
  shardOf,
  UNSHARDED_KEY,
} from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t, { type Test } from 'tap'
import { walk } from '../../helpers/pages.ts'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { seededRandom } from '../../chaos/random.ts'
import { makeEvent, PLATFORM, startStore } from './queues-fixture.ts'

const appIdOf = (number: number) => `wx${number.toString(16).padStart(16, '0')}`

async function startShards(t: Test, configured: number, { isOlder = false } = {}) {
  const store = await startStore(t)
  const { commands: redis, queues } = store
  const marks = [platformKeys(PLATFORM).keyCheck]
  if (isOlder) await redis.set(marks[0] ?? '', 'sealed')
  const count = createShardCount({ redis, configured, marks, rememberedSeconds: 60 })
  await count.settle()
  const shards = createMessageShards(PLATFORM, count)
  return { ...store, redis, count, shards, log: createEventLog({ redis, shards, queues, eventLogSeconds: 60 }) }
}

void t.test('an account is in the same shard for ever, and accounts are spread evenly', async (t) => {
  const found = [3, 8, 64].map((count) => shardOf('wx0123456789abcdef', count))
  t.same(found, [1, 2, 26], 'these are in Redis')
  const random = seededRandom(18)
  const appIds = {
    'in a row': (number: number) => appIdOf(number),
    'at random': () => `wx${Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('')}`,
  }
  for (const [how, appId] of Object.entries(appIds)) {
    const counts = Array.from({ length: 64 }, () => 0)
    for (let number = 0; number < 64 * 500; number += 1) {
      const shard = shardOf(appId(number), 64)
      counts[shard] = (counts[shard] ?? 0) + 1
    }
    t.ok(Math.max(...counts) < 1.3 * 500, `${how}: ${Math.max(...counts)}`)
  }
})

void t.test('the number of shards is that of the first start', async (t) => {
  const { commands: redis } = await startStore(t)
  const start = (configured: number) =>
    createShardCount({ redis, configured, marks: ['wx:{open1}:key_check'], rememberedSeconds: 60 })
  const first = start(8)
  t.throws(() => first.get(), { code: 'STORE_UNAVAILABLE', retry: true })
  t.equal(await first.settle(), 8)
  t.equal(first.get(), 8)
  t.notOk(first.hasEventsOfBefore(), 'a new installation')
  const other = start(3)
  t.equal(await other.settle(), 8)
  t.throws(() => other.get(), { code: 'STORE_UNAVAILABLE' }, 'it neither takes nor dispatches a message')
  await redis.set('wx:{open1}:key_check', 'sealed')
  t.equal(await start(8).settle(), 8)
  t.equal(await redis.exists(UNSHARDED_KEY), 0, 'it was marked after its first start')
  await redis.flushall()
  t.equal(await first.settle(), 8)
  t.equal(await redis.get(SHARD_COUNT_KEY), '8', 'an emptied Redis has it again')
  for (const damaged of ['', 'eight', '0', '65', '8.5']) {
    await redis.set(SHARD_COUNT_KEY, damaged)
    await t.rejects(start(8).settle(), { message: `${SHARD_COUNT_KEY} holds no number of shards` }, `"${damaged}"`)
    t.equal(await redis.get(SHARD_COUNT_KEY), damaged)
  }
})

void t.test('while the master of the number of shards is away, a copy that agrees is enough', async (t) => {
  const { commands: redis } = await startStore(t)
  let isThere = true
  const withoutMaster = new Proxy(redis, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name, target)
      if (typeof method !== 'function') return method
      return async (...given: unknown[]) => {
        if (!isThere && given.includes(SHARD_COUNT_KEY)) throw new Error('Connection is closed.')
        return Reflect.apply(method, target, given)
      }
    },
  })
  const start = (configured: number, marks: string[] = []) =>
    createShardCount({ redis: withoutMaster, configured, marks, rememberedSeconds: 60 })
  await redis.set('wx:{open1}:key_check', 'sealed')
  await start(8, ['wx:{open1}:key_check']).settle()
  const copies = Array.from({ length: 8 }, (_, inbox) => shardCountCopyKey(inbox))
  await until('each inbox has a copy', async () => (await redis.exists(...copies)) === 8)
  isThere = false
  await redis.unlink(...copies.slice(1))
  const again = start(8)
  t.equal(await again.settle(), 8)
  t.equal(await again.known, 8)
  t.ok(again.hasEventsOfBefore())
  await t.rejects(start(3).settle(), { code: 'STORE_UNAVAILABLE' }, 'a copy does not stop a process')
  await redis.set(copies[0] ?? '', 'eight')
  await t.rejects(start(8).settle(), { code: 'STORE_UNAVAILABLE' })
  isThere = true
  t.equal(await start(3).settle(), 8)
  t.equal(await redis.get(copies[0] ?? ''), 'eight', 'only a start that agrees writes copies')
})

void t.test('what an installation of before has in shard 0 is found, claimed and settled there', async (t) => {
  const { redis, count, shards, log } = await startShards(t, 8, { isOlder: true })
  t.ok(count.hasEventsOfBefore())
  const appId = [1, 2, 3].map(appIdOf).find((one) => shardOf(one, 8) > 0) ?? ''
  const before = createEventLog({ redis, shards: createMessageShards(PLATFORM), eventLogSeconds: 60 })
  const old = makeEvent('ev_old', { authorizerappid: appId })
  await before.record(old, Date.now() - 10, ['crm'])
  await log.record(makeEvent('ev_new', { authorizerappid: appId }), Date.now(), ['crm'])
  t.equal((await log.get('ev_old'))?.id, 'ev_old')
  for (const filter of [{}, { authorizer: appId }, { only: [appId] }]) {
    const { items } = await log.find({ ...filter, limit: 10, cursor: undefined })
    t.same(pluck(items, 'id'), ['ev_new', 'ev_old'])
  }
  await log.deliveryChanged(old, 'crm', { status: 'delivered', attempts: 1 })
  t.match(await log.get('ev_old'), { deliveries: [{ status: 'delivered' }] })
  t.equal(await redis.zcard(shardKeys(PLATFORM, 0).unsettled), 0)

  const deps = { platform: PLATFORM, redis, dedupeSeconds: 60, eventLogSeconds: 60, isLogged: false }
  const ofBefore = createEventClaims({ ...deps, shards: createMessageShards(PLATFORM) })
  const claims = createEventClaims({ ...deps, shards })
  t.ok(await ofBefore.claim({ event: old, arrival: 'job:0' }))
  t.notOk(await claims.claim({ event: old, arrival: 'job:1' }), 'it was taken before')
  t.ok(await claims.claim({ event: makeEvent('ev_newer', { authorizerappid: appId }), arrival: 'job:2' }))
  t.notOk(await ofBefore.claim({ event: makeEvent('ev_newer', { authorizerappid: appId }), arrival: 'job:3' }))
})

void t.test('lists over 64 shards are those of one, page by page', async (t) => {
  const { redis, log } = await startShards(t, 64)
  const random = seededRandom(64)
  const appIds = Array.from({ length: 200 }, (_, number) => appIdOf(number))
  const nowMs = Date.now()
  const events = Array.from({ length: 600 }, (_, number) => ({
    id: `ev_${number}`,
    appId: appIds[Math.floor(random() * appIds.length)] ?? '',
    // Many of the same millisecond.
    receivedAtMs: nowMs - Math.floor(random() * 150),
    type: random() < 0.3 ? 'wechat.event.subscribe' : 'wechat.message.text',
  }))
  await Promise.all(
    events.map(({ id, appId, receivedAtMs, type }) =>
      log.record(makeEvent(id, { authorizerappid: appId, type }), receivedAtMs, []),
    ),
  )
  t.ok((await redis.keys('wx:{open1.*}:events')).length > 50)
  const newestFirst = events.toSorted((one, other) => {
    return other.receivedAtMs - one.receivedAtMs || Buffer.compare(Buffer.from(other.id), Buffer.from(one.id))
  })
  const few = appIds.slice(0, 40)
  const filters = [
    { filter: {}, wanted: newestFirst },
    { filter: { type: 'wechat.event.*' }, wanted: newestFirst.filter(({ type }) => type.startsWith('wechat.event.')) },
    { filter: { only: few }, wanted: newestFirst.filter(({ appId }) => few.includes(appId)) },
    { filter: { authorizer: few[7] }, wanted: newestFirst.filter(({ appId }) => appId === few[7]) },
    {
      filter: { fromMs: nowMs - 100, toMs: nowMs - 50 },
      wanted: newestFirst.filter(({ receivedAtMs: at }) => at >= nowMs - 100 && at <= nowMs - 50),
    },
  ]
  for (const { filter, wanted } of filters) {
    const found = await walk((cursor) => log.find({ ...filter, limit: 20 + Math.floor(random() * 120), cursor }))
    t.same(pluck(found, 'id'), pluck(wanted, 'id'), JSON.stringify(Object.keys(filter)))
  }
})

void t.test('each shard knows its own deliveries that are not over, and repetitions of its own events', async (t) => {
  const { redis, shards, log } = await startShards(t, 8)
  const events = Array.from({ length: 40 }, (_, number) =>
    makeEvent(`ev_${number}`, { authorizerappid: appIdOf(number) }),
  )
  await Promise.all(events.map((event) => log.record(event, 1, ['crm'])))
  const pages = await Promise.all(
    createUnsettledDeliveries({ platform: PLATFORM, redis, shards })
      .shards()
      .map((shard) => shard.page({ untilMs: Date.now() + 1_000, limit: 100 })),
  )
  t.ok(pages.every(({ items }) => items.length > 0))
  const found = pages.flatMap(({ items }) => items.map(({ eventId }) => eventId)).toSorted()
  t.same(found, events.map(({ id }) => id).toSorted())
  const claims = createEventClaims({
    platform: PLATFORM,
    redis,
    shards,
    dedupeSeconds: 60,
    eventLogSeconds: 60,
    isLogged: false,
  })
  const claimAll = (arrival: string) => Promise.all(events.map((event) => claims.claim({ event, arrival })))
  t.same(new Set(await claimAll('job:0')), new Set([true]))
  t.same(new Set(await claimAll('job:1')), new Set([false]))
  t.same(new Set(await claimAll('job:0')), new Set([true]), 'the same job, run again')
})

void t.test('every inbox has two workers, and every worker as many inboxes as any other', async (t) => {
  for (const inboxes of [2, 3, 8, 64]) {
    for (const count of [1, 2, 3, 5, 8, 16, 40, 200]) {
      const workers = Array.from({ length: count }, (_, index) => `w${(index * 7) % count}`)
      const shares = workers.map((worker) => inboxesOf(worker, workers.toReversed(), inboxes))
      const served = Array.from(
        { length: inboxes },
        (_, inbox) => shares.filter((share) => share.includes(inbox)).length,
      )
      const sizes = shares.map(({ length }) => length)
      const about = `${count} workers, ${inboxes} inboxes`
      if (Math.min(...served) < Math.min(2, count)) t.fail(`${about}: an inbox has ${Math.min(...served)}`)
      if (Math.max(...sizes) - Math.min(...sizes) > 1)
        t.fail(`${about}: from ${Math.min(...sizes)} to ${Math.max(...sizes)}`)
      if (Math.max(...sizes) > inboxes) t.fail(about)
    }
  }
  t.same(inboxesOf('unknown', ['a', 'b'], 8), [])
})

void t.test('who writes no heartbeat is dead, and who leaves is gone at once', async (t) => {
  const { commands: redis } = await startStore(t)
  const [one, other] = [createWorkerRegistry(redis, 'one'), createWorkerRegistry(redis, 'other')]
  await one.beat()
  t.same(new Set(await other.beat()), new Set(['one', 'other']))
  await redis.zincrby(INBOX_WORKERS_KEY, -6_000, 'one')
  t.same(await other.beat(), ['other'])
  t.same(new Set(await one.beat()), new Set(['one', 'other']))
  await one.leave()
  t.same(await other.beat(), ['other'])
})

void t.test('inboxes take jobs in turn; one that refuses is passed over for a while', async (t) => {
  const { commands: redis } = await startStore(t)
  let nowMs = 0
  const away = new Set<string>()
  const outages = { isAway: (key: string) => away.has(key) }
  const choice = createInboxChoice({ redis, count: { get: () => 4 }, outages, nowMs: () => nowMs })
  const taken: string[] = []
  const refusing = new Set<string>()
  const put = (code: 'NOPERM' | 'INTERNAL' = 'NOPERM') =>
    choice.put(async (queue) => {
      if (!refusing.has(queue)) return void taken.push(queue)
      if (code === 'INTERNAL') throw new GatewayError('INTERNAL', 'a fault')
      throw Object.assign(new Error('NOPERM No permissions'), { name: 'ReplyError' })
    })
  const putMany = async (count: number) => {
    taken.length = 0
    for (let done = 0; done < count; done += 1) await put()
    return taken.map((queue) => Number(/\.(\d+)\}/.exec(queue)?.[1]))
  }
  t.same(await putMany(5), [0, 1, 2, 3, 0])
  refusing.add(messageInbox(2))
  t.same(await putMany(4), [1, 3, 0, 1], 'the next one takes it')
  t.same(choice.leftOut(), [2])
  refusing.clear()
  t.same(await putMany(3), [3, 0, 1], 'it is not asked')
  nowMs += 1_000
  t.same(await putMany(3), [2, 3, 0], 'it is tried again')
  t.same(choice.leftOut(), [])
  away.add(queueKey(messageInbox(1), 'wait'))
  t.same(await putMany(3), [2, 3, 0], 'one whose master is known to be away is not tried')
  for (const inbox of [0, 1, 2, 3]) refusing.add(messageInbox(inbox))
  await t.rejects(put(), /NOPERM/, 'as the last that was asked')
  await t.rejects(put('INTERNAL'), { code: 'INTERNAL' }, 'a fault of ours is not tried elsewhere')
})

void t.test("a push waits a bounded time for the subscriptions' master once they were read", async (t) => {
  let isAway = false
  const subscriptions = {
    known: () => undefined,
    all: (lateMs?: number) => {
      if (!isAway) return Promise.resolve([])
      return lateMs === undefined
        ? new Promise<never>(() => undefined)
        : Promise.reject(new GatewayError('STORE_UNAVAILABLE', `late: ${lateMs}`))
    },
  }
  const lanes = { append: () => Promise.reject(new Error('nobody wants an order')) }
  const ordered = createOrderedEvents({ platform: PLATFORM, lanes, subscriptions, lateMs: 300 })
  const append = () =>
    ordered.append({ event: makeEvent('ev_1', { authorizerappid: appIdOf(1) }), receivedAtMs: 1 }, (ask) => ask())
  t.equal(await append(), false)
  isAway = true
  t.equal(await append(), false, 'those that were read last are used')
})
