// Owns: what holds deliveries back: a throttle's seconds, the bound on what a paused subscription keeps, and the order of
// each key.
import type { DeliveryJob } from '@wxgw/contracts'
import {
  BACKLOG_FULL,
  createBacklogTrim,
  createDeadLetters,
  createDeliveryOrder,
  createDeliveryQueue,
  createThrottle,
  deliveriesQueue,
  NO_EVENT_LOG,
  PARKED_MS,
} from '@wxgw/redis'
import t from 'tap'
import { until } from '../../helpers/until.ts'
import { keys, makeEvent, PLATFORM, startStore, type Store } from './queues-fixture.ts'

const QUEUE = deliveriesQueue(PLATFORM, 'crm')

function makeJob(id: string, scheduleSeconds: number[] = []): DeliveryJob {
  const event = makeEvent(id)
  return {
    v: 1,
    kind: 'deliver',
    platform: PLATFORM,
    subscription: 'crm',
    event,
    receivedAtMs: 1,
    deliveryId: id,
    scheduleSeconds,
  }
}

function trimOf({ blocking, commands, queues, log }: Store) {
  return createBacklogTrim({ platform: PLATFORM, connection: blocking, redis: commands, keys, queues, log })
}

void t.test('a throttle holds over all processes; the others learn when the next second begins', async (t) => {
  const { commands } = await startStore(t)
  const second = async () => (await commands.time())[0]
  const processes = [1, 2, 3].map(() => createThrottle({ platform: PLATFORM, redis: commands }))
  const take = (name: string, isUrgent = false) =>
    Promise.all(processes.flatMap((one) => [1, 2, 3].map(() => one.take(name, { perSecond: 5, isUrgent }))))
  let tries = 0
  const { name, waits, others, urgent, again } = await until('all of it falls into one second', async () => {
    // A try that ends in the next second has begun to use up that one.
    const name = `crm-${(tries += 1)}`
    const before = await second()
    const taken = {
      name,
      waits: await take(name),
      others: await take(`other-${tries}`),
      urgent: await take(name, true),
      again: await take(name),
    }
    return (await second()) === before ? taken : undefined
  })
  t.equal(waits.filter((ms) => ms === 0).length, 5)
  t.ok(waits.every((ms) => ms >= 0 && ms <= 1_000))
  t.equal(others.filter((ms) => ms === 0).length, 5, 'each subscription has its own')
  t.ok(
    urgent.every((ms) => ms === 0),
    'what a push waits for is never held',
  )
  t.ok(again.every((ms) => ms > 0))
  await until('the next second', async () => (await processes[0]?.take(name, { perSecond: 5, isUrgent: false })) === 0)
  await until('nothing is left', async () => (await commands.keys('*')).length === 0)
})

void t.test('the oldest deliveries beyond maxBacklog become dead letters with the reason', async (t) => {
  const store = await startStore(t)
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  for (let number = 0; number < 30; number += 1) await deliveries.enqueueDelivery(makeJob(`ev_${number}`, [5]))
  await deliveries.enqueueDelivery(makeJob('ev_retried', [5, 5]), {
    attemptsMade: 1,
    lastError: 'HTTP 500',
    delayMs: 60_000,
  })
  const trim = trimOf(store)
  const dead: string[] = []
  const onDead = async ({ deliveryId }: DeliveryJob) => void dead.push(deliveryId)
  t.equal(await trim.trim('crm', 31, onDead), 0)
  t.equal(await trim.trim('crm', 19, onDead), 12)
  const oldest = Array.from({ length: 12 }, (_, number) => `ev_${number}`)
  t.same(dead.toSorted(), oldest.toSorted())
  const queue = store.queues.open(QUEUE)
  const failed = await queue.getFailed()
  t.same(failed.map(({ id }) => String(id)).toSorted(), oldest.toSorted())
  const deadLetters = createDeadLetters({
    platform: PLATFORM,
    redis: store.commands,
    queues: store.queues,
    events: NO_EVENT_LOG,
  })
  const { items } = await deadLetters.list('crm', { limit: 20, cursor: undefined })
  t.ok(items.every(({ attempts, lastError }) => attempts === 0 && lastError === BACKLOG_FULL))
  t.match(await queue.getJobCounts(), { waiting: 18, delayed: 1, active: 0, failed: 12 })
  t.equal(await trim.trim('crm', 1, onDead), 18, 'what waits for its retry is the last to go')
  t.match(await queue.getJobCounts(), { waiting: 0, delayed: 1, failed: 30 })
})

void t.test('one process at a time trims', async (t) => {
  const store = await startStore(t)
  const [one, other] = [trimOf(store), trimOf(store)]
  t.same([await one.claim(), await other.claim()], [true, false])
  await one.release()
  t.equal(await other.claim(), true)
  t.ok((await store.commands.pttl(keys.trimming)) <= 5_000, 'whoever died is followed soon')
})

void t.test(
  'the first of each key has its turn, those behind it are parked, and retries keep their time',
  async (t) => {
    const store = await startStore(t)
    const { enqueueDelivery } = createDeliveryQueue({ ...store, redis: store.commands })
    const woken: string[] = []
    const order = createDeliveryOrder({
      ...{ ...store, platform: PLATFORM, redis: store.commands },
      onPromoted: (subscription) => void woken.push(subscription),
    })
    /** Whether a worker was woken since the last call. */
    const wakes = () => woken.splice(0).includes('crm')
    const queue = store.queues.open(QUEUE)
    const ids = async (state: 'waiting' | 'delayed') =>
      (await queue.getJobs([state])).map(({ id = '' }) => id).toSorted()
    const place = (deliveryId: string) => ({ key: deliveryId.slice(0, -1), deliveryId })
    const all = ['ev_a1', 'ev_a2', 'ev_a3', 'ev_b1', 'ev_b2'].map(place)

    t.same(await order.join('crm', all), ['alone', 'behind', 'behind', 'alone', 'behind'])
    await enqueueDelivery(makeJob('ev_a1'))
    for (const id of ['ev_a2', 'ev_a3', 'ev_b2']) await enqueueDelivery(makeJob(id), { delayMs: PARKED_MS })
    t.same(await order.join('crm', all), ['first', 'behind', 'behind', 'alone', 'behind'], 'again, now with jobs')
    t.same(await order.occupied('crm', ['ev_a', 'ev_c']), new Set(['ev_a']))

    await order.settle('crm', all.slice(0, 3))
    t.notOk(wakes(), 'nothing was promoted')

    // `ev_b1` was called without a job.
    await order.leave('crm', place('ev_b1'))
    t.same(await ids('waiting'), ['ev_a1', 'ev_b2'])
    t.ok(wakes(), 'the next one of the key does not wait for a poll')
    await order.leave('crm', place('ev_b1'))
    t.notOk(wakes(), 'repeated, it has no effect')
    const entered = await Promise.all(all.map((one) => order.enter('crm', one)))
    t.same(
      entered.map(({ isFirst }) => isFirst),
      [true, false, false, false, true],
      'one that has left stands behind the others when it comes again',
    )

    await enqueueDelivery(makeJob('ev_c1', [60]), { delayMs: 60_000 })
    await order.remove('crm')
    t.same(await ids('waiting'), ['ev_a1', 'ev_a2', 'ev_a3', 'ev_b2'], 'without an order nobody waits for others')
    t.ok(wakes())
    t.same(await ids('delayed'), ['ev_c1'])

    await enqueueDelivery(makeJob('ev_d1'), { delayMs: PARKED_MS })
    await order.remove('crm')
    t.same(await ids('delayed'), ['ev_c1'], 'one that was parked late goes on as well')
    wakes()

    const doors = {
      settle: () => order.settle('crm', [place('ev_e1')]),
      enter: () => order.enter('crm', place('ev_e2')),
      repair: () => order.repair('crm'),
    }
    for (const [door, promote] of Object.entries(doors)) {
      await order.join('crm', [place('ev_e1')])
      await enqueueDelivery(makeJob('ev_e1'), { delayMs: PARKED_MS })
      await promote()
      t.ok((await ids('waiting')).includes('ev_e1'), `${door}: the first of its key was parked by mistake`)
      t.ok(wakes(), door)
      await queue.remove('ev_e1')
    }
  },
)
