// Owns: that what stands under names of earlier versions is moved as it is, to its owner, once, whatever runs or dies
// meanwhile.
import { type DeliveryJob, DeliveryJobSchema, type GatewayEvent } from '@wxgw/contracts'
import {
  createDeadLetters,
  createQueueWorker,
  createSubscriptions,
  deliveriesQueue,
  type JobHandler,
  jobOptions,
  NO_EVENT_LOG,
  platformKeys,
  queueKey,
  sinkQueue,
  type Subscriptions,
} from '@wxgw/redis'
import { Queue, Worker } from 'bullmq'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { makeEvent, parserOf, sealer, shards, startStore, type Store } from './queues-fixture.ts'

const PLATFORMS = ['open', 'open-crm']
/** Both had the queues {wx-open-crm-x} and {wx-deliveries-open-crm-x}. */
const [OURS, THEIRS] = [
  { platform: 'open', name: 'crm-x' },
  { platform: 'open-crm', name: 'x' },
]
const OLD_DELIVERIES = '{wx-deliveries-open-crm-x}'
const OLD_SINK = '{wx-open-crm-x}'
const HOOK = { kind: 'webhook' as const, url: 'https://crm.example/hooks', timeoutMs: 1_000 }

type Options = { clock?: { nowMs(): number }; platforms?: readonly string[] }

function open({ queues, commands }: Store, platform: string, options: Options = {}): Subscriptions {
  const { clock = { nowMs: () => Date.now() }, platforms = PLATFORMS } = options
  const deps = { platform, platforms, redis: commands, keys: platformKeys(platform), sealer, queues, clock }
  return createSubscriptions({ ...deps, shards, checkWebhookUrl: () => undefined })
}

/** A subscription as an earlier version has left it. */
async function putOld(store: Store, { platform, name }: typeof OURS, sink: object): Promise<void> {
  await open(store, platform).put(name, { sink: 'url' in sink ? HOOK : { kind: 'queue' } })
  const { subscriptions, subscriptionsVersion } = platformKeys(platform)
  const text = (await store.commands.hget(subscriptions, name)) ?? ''
  const { dotted: _, subscription, ...rest } = JSON.parse(text) as { subscription: object; dotted?: true }
  await store.commands.hset(subscriptions, name, JSON.stringify({ ...rest, subscription: { ...subscription, sink } }))
  await store.commands.incr(subscriptionsVersion)
}

function queueOf(t: Test, { commands }: Store, name: string): Queue {
  const queue = new Queue(name, { connection: commands, skipWaitingForReady: true, skipVersionCheck: true })
  t.teardown(() => queue.close())
  return queue
}

function job(id: string, { platform, name } = OURS): DeliveryJob {
  const event: GatewayEvent = makeEvent(id, { platform })
  const rest = { event, receivedAtMs: 1, deliveryId: id, scheduleSeconds: [3600] }
  return { v: 1, kind: 'deliver', platform, subscription: name, ...rest }
}

const idsOf = (jobs: ReadonlyArray<{ id?: string | undefined }>) => jobs.map(({ id }) => id ?? '')
const sorted = (texts: readonly string[]) => texts.toSorted((left, right) => (left < right ? -1 : 1))

const add = (queue: Queue, data: DeliveryJob, delay = 0) =>
  queue.add(data.event.type, data, { ...jobOptions(2), jobId: data.deliveryId, delay })

function work({ blocking, log }: Store, queue: string, handle: JobHandler<DeliveryJob>) {
  const parse = parserOf(DeliveryJobSchema)
  return createQueueWorker<DeliveryJob>({ connection: blocking, queue, concurrency: 1, parse, handle, log })
}

/** Makes these jobs fail for good, as the worker of an earlier version did. */
async function fail(store: Store, queue: Queue, ids: readonly string[]): Promise<void> {
  const worker = work(store, queue.name, async () => ({ kind: 'dead', error: 'HTTP 500' }))
  await until('they have failed', async () => (await queue.getFailedCount()) === ids.length)
  await worker.close()
}

void t.test('what waits, is delayed, is dead, or was begun and given up, goes to the new queue as it is', async (t) => {
  const store = await startStore(t)
  const subscriptions = open(store, OURS.platform)
  await putOld(store, OURS, HOOK)
  const [from, to] = [queueOf(t, store, OLD_DELIVERIES), queueOf(t, store, deliveriesQueue(OURS.platform, OURS.name))]
  const kept = ['ev_dead1', 'ev_dead2.r0123456789ab', 'ev_later']
  const hashes = (queue: Queue) => Promise.all(kept.map((id) => store.commands.hgetall(queue.toKey(id))))
  for (const id of ['ev_dead1', 'ev_dead2.r0123456789ab']) await add(from, job(id))
  await fail(store, from, ['ev_dead1', 'ev_dead2'])
  await add(from, job('ev_begun'))
  // Taken, and then its process was gone and its lock with it.
  const dead = new Worker(from.name, undefined, { connection: store.blocking, autorun: false })
  t.teardown(() => dead.close(true))
  await dead.getNextJob('token', { block: false })
  await store.commands.del(queueKey(from.name, 'ev_begun:lock'))
  for (const id of ['ev_wait1', 'ev_wait2', 'ev_wait3']) await add(from, job(id))
  await add(from, job('ev_later'), 3_600_000)
  const before = {
    dead: await hashes(from),
    score: await store.commands.zscore(from.toKey('delayed'), 'ev_later'),
    failedAt: await store.commands.zrange(from.toKey('failed'), '0', '-1', 'WITHSCORES'),
  }

  t.match(await subscriptions.moveOldNames(OURS.name), [{ from: from.name, to: to.name, renamed: false, moved: 7 }])
  t.same(await hashes(to), before.dead)
  t.same(await store.commands.zrange(to.toKey('failed'), '0', '-1', 'WITHSCORES'), before.failedAt)
  t.equal(await store.commands.zscore(to.toKey('delayed'), 'ev_later'), before.score)
  t.same(idsOf(await to.getWaiting()), ['ev_begun', 'ev_wait1', 'ev_wait2', 'ev_wait3'])
  t.same(await store.commands.keys(`bull:${from.name}:*`), [], 'nothing of the old queue is left')
  t.same(await subscriptions.moveOldNames(OURS.name), [], 'and there is nothing more to do')

  const { commands: redis, queues } = store
  const deadLetters = createDeadLetters({ platform: OURS.platform, redis, queues, events: NO_EVENT_LOG })
  const { items } = await deadLetters.list(OURS.name, { limit: 10, cursor: undefined })
  const shown = items.map(({ id, attempts, lastError }) => `${id} ${attempts} ${lastError}`)
  t.same(sorted(shown), ['ev_dead1 1 HTTP 500', 'ev_dead2.r0123456789ab 1 HTTP 500'])
  t.equal(await deadLetters.replay(OURS.name, ['ev_dead1']), 1)
  const delivered: string[] = []
  const worker = work(store, to.name, async ({ event }) => {
    delivered.push(event.id)
    return { kind: 'done' }
  })
  t.teardown(() => worker.close())
  await until('all but the delayed one are delivered', () => delivered.length === 5)
  t.same(delivered, ['ev_begun', 'ev_wait1', 'ev_wait2', 'ev_wait3', 'ev_dead1'])
})

void t.test('of an ambiguous queue each owner gets its jobs, and a deletion takes nothing else', async (t) => {
  const store = await startStore(t)
  for (const one of [OURS, THEIRS]) await putOld(store, one, HOOK)
  const from = queueOf(t, store, OLD_DELIVERIES)
  for (const id of ['ev_1', 'ev_3']) await add(from, job(id))
  for (const id of ['ev_2', 'ev_4']) await add(from, job(id, THEIRS), id === 'ev_4' ? 3_600_000 : 0)
  t.match(await open(store, OURS.platform).moveOldNames(OURS.name), [{ moved: 2 }])
  t.same(idsOf(await queueOf(t, store, deliveriesQueue(OURS.platform, OURS.name)).getWaiting()), ['ev_1', 'ev_3'])
  await add(from, job('ev_5'))
  t.equal(await open(store, OURS.platform).delete(OURS.name), true)
  t.same(sorted(idsOf(await from.getJobs(['waiting', 'delayed']))), ['ev_2', 'ev_4'])
  t.match(await open(store, THEIRS.platform).moveOldNames(THEIRS.name), [{ moved: 2 }])
  const theirs = queueOf(t, store, deliveriesQueue(THEIRS.platform, THEIRS.name))
  t.same([await theirs.getWaitingCount(), await theirs.getDelayedCount()], [1, 1])
  t.same(await store.commands.keys(`bull:${from.name}:*`), [])
})

void t.test('an ambiguous consumer queue gets a new name, and each consumer its own jobs', async (t) => {
  const store = await startStore(t)
  const clock = { ms: Date.now(), nowMs: () => clock.ms }
  const [ours, theirs] = [open(store, OURS.platform, { clock }), open(store, THEIRS.platform, { clock })]
  for (const one of [OURS, THEIRS]) await putOld(store, one, { kind: 'queue', queue: OLD_SINK })
  const from = queueOf(t, store, OLD_SINK)
  const addEvent = (id: string, platform: string) => from.add('n', makeEvent(id, { platform }), { jobId: id })
  const ofBoth = [
    ['ev_1', 'open'],
    ['ev_2', 'open-crm'],
    ['ev_3', 'open'],
  ] as const
  for (const [id, platform] of ofBoth) await addEvent(id, platform)
  // A consumer may write anything into its queue.
  await store.commands.lpush(from.toKey('wait'), 'meta', 'ev_none', 'id', 'x:y')
  await store.commands.hset(from.toKey('ev_none'), 'data', '{')

  const to = sinkQueue(OURS.platform, OURS.name)
  const renamed = { subscription: OURS.name, from: OLD_SINK, to, renamed: true, moved: 0 }
  t.same(await ours.moveOldNames(OURS.name), [renamed])
  t.match((await ours.get(OURS.name))?.sink, { kind: 'queue', queue: to })
  t.match((await ours.put(OURS.name, { sink: { kind: 'queue', queue: to } })).subscription.sink, { queue: to })
  await t.rejects(ours.put(OURS.name, { sink: { kind: 'queue', queue: OLD_SINK } }), { code: 'INVALID_REQUEST' })
  t.match(await ours.moveOldNames(OURS.name), [{ from: OLD_SINK, to, renamed: false, moved: 2 }])
  await addEvent('ev_late', 'open')
  t.match(await ours.moveOldNames(OURS.name), [{ moved: 1 }], 'written by a process with an older copy')
  t.same(idsOf(await queueOf(t, store, to).getWaiting()), ['ev_1', 'ev_3', 'ev_late'])
  t.same(await theirs.moveOldNames(THEIRS.name), [
    { subscription: THEIRS.name, from: OLD_SINK, to: sinkQueue(THEIRS.platform, THEIRS.name), renamed: true, moved: 0 },
  ])
  t.match(await theirs.moveOldNames(THEIRS.name), [{ moved: 1 }])

  clock.ms += 61_000
  t.same(await ours.moveOldNames(OURS.name), [])
  await addEvent('ev_forged', 'open')
  t.same(await ours.moveOldNames(OURS.name), [], 'what is written there afterwards goes nowhere')
})

void t.test('a queue whose name no other platform could have keeps its name and its jobs', async (t) => {
  const store = await startStore(t)
  await putOld(store, OURS, { kind: 'queue', queue: OLD_SINK })
  const alone = open(store, 'open', { platforms: ['open', 'opencrm', 'open-crm-x', 'crm'] })
  const from = queueOf(t, store, OLD_SINK)
  await from.add('n', makeEvent('ev_1', { platform: 'open' }), { jobId: 'ev_1' })
  t.same(await alone.moveOldNames(OURS.name), [])
  t.match((await alone.get(OURS.name))?.sink, { queue: OLD_SINK })
  t.equal(await from.getWaitingCount(), 1)
  t.same(await alone.withOldNames(), [OURS.name])
  await alone.put('new', { sink: { kind: 'queue' } })
  t.same(await alone.withOldNames(), [OURS.name], 'what is created now has nothing there')
  t.equal(await alone.delete(OURS.name), true)
  t.same(await store.commands.keys(`bull:${OLD_SINK}:*`), [])
})

void t.test('after a day with nothing there, over restarts and changes, nobody looks any more', async (t) => {
  const store = await startStore(t)
  const clock = { ms: Date.now(), nowMs: () => clock.ms }
  /** As after a restart: nothing is remembered in the process. */
  const anew = () => open(store, 'open', { clock, platforms: ['open'] })
  await putOld(store, OURS, { kind: 'queue', queue: OLD_SINK })
  await queueOf(t, store, OLD_SINK).add('n', makeEvent('ev_1', { platform: 'open' }), { jobId: 'ev_1' })
  await anew().moveOldNames(OURS.name)
  clock.ms += 23 * 3600 * 1000
  const from = queueOf(t, store, OLD_DELIVERIES)
  await add(from, job('ev_1'))
  t.match(await anew().moveOldNames(OURS.name), [{ moved: 1 }])
  clock.ms += 23 * 3600 * 1000
  await anew().moveOldNames(OURS.name)
  t.same(await anew().withOldNames(), [OURS.name])
  await anew().put(OURS.name, { sink: { kind: 'queue' } })
  clock.ms += 2 * 3600 * 1000
  await anew().moveOldNames(OURS.name)
  t.same(await open(store, 'open').withOldNames(), [])
  t.equal(await anew().delete(OURS.name), true)
  t.same(await store.commands.keys(`bull:${OLD_SINK}:*`), [], 'the queue of its record goes with it')
})

void t.test('a move that is to end leaves the rest where it is, for the next time', async (t) => {
  const store = await startStore(t)
  await putOld(store, OURS, HOOK)
  const from = queueOf(t, store, OLD_DELIVERIES)
  for (let n = 0; n < 150; n += 1) await add(from, job(`ev_${n}`))
  const stopping = new AbortController()
  const commands = Object.create(store.commands, {
    evalsha: {
      value: (...args: Parameters<typeof store.commands.evalsha>) => {
        stopping.abort()
        return store.commands.evalsha(...args)
      },
    },
  }) as typeof store.commands
  const [ended] = await open({ ...store, commands }, OURS.platform).moveOldNames(OURS.name, stopping.signal)
  const moved = ended?.moved ?? 0
  t.ok(moved > 0 && moved < 150, `${moved} moved`)
  t.match(await open(store, OURS.platform).moveOldNames(OURS.name), [{ moved: 150 - moved }])
})

void t.test('a migration that dies or runs twice at once loses and repeats nothing', async (t) => {
  const store = await startStore(t)
  await putOld(store, OURS, HOOK)
  const [from, to] = [queueOf(t, store, OLD_DELIVERIES), queueOf(t, store, deliveriesQueue(OURS.platform, OURS.name))]
  const ids = Array.from({ length: 120 }, (_, n) => `ev_${n}`)
  for (const [n, id] of ids.entries()) await add(from, job(id), n % 3 === 0 ? 3_600_000 : 0)
  const scores = await store.commands.zrange(from.toKey('delayed'), '0', '-1', 'WITHSCORES')
  // Dies with the n-th script, before or after it has run.
  for (const [n, ran] of [
    [5, false],
    [60, true],
    [100, false],
  ] as const) {
    let scripts = 0
    const dying = Object.create(store.commands, {
      evalsha: {
        value: async (...args: Parameters<typeof store.commands.evalsha>) => {
          scripts += 1
          if (scripts === n && ran) await store.commands.evalsha(...args)
          if (scripts >= n) throw new Error('Connection is closed.')
          return store.commands.evalsha(...args)
        },
      },
    }) as typeof store.commands
    const subscriptions = open({ ...store, commands: dying }, OURS.platform)
    await t.rejects(subscriptions.moveOldNames(OURS.name), { code: 'STORE_UNAVAILABLE' })
  }
  // Their locks end by themselves.
  for (const key of await store.commands.keys(`bull:${from.name}:*:lock`)) await store.commands.del(key)
  await Promise.all(Array.from({ length: 3 }, () => open(store, OURS.platform).moveOldNames(OURS.name)))
  await until('the rest is moved', async () => {
    await open(store, OURS.platform).moveOldNames(OURS.name)
    return (await store.commands.exists(from.toKey('wait'), from.toKey('active'), from.toKey('delayed'))) === 0
  })
  const waiting = idsOf(await to.getWaiting())
  t.equal(waiting.length, 80)
  t.same(sorted([...waiting, ...idsOf(await to.getDelayed())]), sorted(ids))
  t.same(await store.commands.zrange(to.toKey('delayed'), '0', '-1', 'WITHSCORES'), scores)
})

void t.test('beside a worker of an earlier version each delivery is made once', async (t) => {
  const store = await startStore(t)
  const subscriptions = open(store, OURS.platform)
  await putOld(store, OURS, HOOK)
  const from = queueOf(t, store, OLD_DELIVERIES)
  const made: string[] = []
  const ids = Array.from({ length: 300 }, (_, n) => `ev_${n}`)
  await from.addBulk(ids.map((id) => ({ name: 'n', data: job(id), opts: { ...jobOptions(2), jobId: id } })))
  for (const queue of [from.name, deliveriesQueue(OURS.platform, OURS.name)]) {
    const worker = work(store, queue, async ({ event }) => {
      made.push(event.id)
      return { kind: 'done' }
    })
    t.teardown(() => worker.close())
  }
  await until('all are made', async () => {
    await subscriptions.moveOldNames(OURS.name)
    return made.length >= ids.length && (await from.getActiveCount()) === 0
  })
  t.same(sorted(made), sorted(ids))
})
