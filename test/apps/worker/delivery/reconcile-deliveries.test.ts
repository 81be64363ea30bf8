// Owns: that what the event log knows as not over is settled against what really stands in the queues.
import type { DeliveryJob } from '@wxgw/contracts'
import { createDeliveryQueue, createEventLog, createUnsettledDeliveries, deliveriesQueue, queueKey } from '@wxgw/redis'
import { type ReconciledAs, type ReconcilingDeps, startReconciling } from '@wxgw/worker'
import t, { type Test } from 'tap'
import { until } from '../../../helpers/until.ts'
import { subscription, webhookSink } from '../delivery-fixtures.ts'
import { deliveryJob, keys, makeEvent, PLATFORM, shards, startStore } from '../../../packages/redis/queues-fixture.ts'

const QUEUE = deliveriesQueue(PLATFORM, 'crm')

async function start(t: Test, { createdAtMs = 0 }: { createdAtMs?: number } = {}) {
  const store = await startStore(t)
  const { commands: redis, queues, log } = store
  const events = createEventLog({ redis, shards, queues, eventLogSeconds: 60 })
  const { enqueueDelivery } = createDeliveryQueue({ queues, redis })
  const unsettled = createUnsettledDeliveries({ platform: PLATFORM, redis, shards })
  const settlements: ReconciledAs[] = []
  const counted: string[] = []
  const subscriptions = new Set(['crm'])

  /** One whole pass, as if everything were old enough. */
  async function settle(): Promise<ReconciledAs[]> {
    settlements.length = 0
    await redis.del(keys.settling)
    let isOver = false
    const deps: ReconcilingDeps = {
      platform: {
        id: PLATFORM,
        events,
        subscriptions: {
          async get(name) {
            if (!subscriptions.has(name)) return undefined
            const sink = webhookSink('https://crm.example/')
            return { ...subscription(name, { sink, retry: { scheduleSeconds: [0, 0] }, createdAtMs }), secrets: [] }
          },
        },
        statistics: { count: (what) => void counted.push(what) },
        unsettled: {
          ...unsettled,
          shards: () =>
            unsettled.shards().map((shard) => ({
              ...shard,
              async page(options) {
                const page = await shard.page(options)
                if (page.next === undefined) isOver = true
                return page
              },
            })),
        },
      },
      enqueueDelivery,
      onDead: ({ event, attempts, lastError }) => void counted.push(`${event.id} ${attempts} ${lastError}`),
      onReconciled: (outcome) => void settlements.push(outcome),
      clock: { nowMs: () => Date.now() + 1_000 },
      log,
      everyMs: 20,
      minAgeMs: 0,
    }
    const settling = startReconciling(deps)
    await until('a pass is over', () => isOver)
    await settling.stop()
    return settlements
  }

  const statusOf = async (id: string) => (await events.get(id))?.deliveries[0]?.status
  return { ...store, redis, events, enqueueDelivery, subscriptions, settle, statusOf, counted }
}

function jobOf(id: string, deliveryId = id): DeliveryJob {
  return deliveryJob(id, { deliveryId, scheduleSeconds: [0, 0] })
}

void t.test('a pending delivery whose job was lost is enqueued again under its id', async (t) => {
  const { events, redis, settle } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  t.same(await settle(), ['again'])
  t.equal(await redis.hget(queueKey(QUEUE, 'ev_1'), 'name'), makeEvent('ev_1').type)
  t.same(await settle(), [], 'once')
})

void t.test('a delivery whose job waits is left alone', async (t) => {
  const { events, enqueueDelivery, settle, statusOf } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  await enqueueDelivery(jobOf('ev_1'), { delayMs: 60_000 })
  t.same(await settle(), [])
  t.equal(await statusOf('ev_1'), 'pending')
})

void t.test('a dead letter unknown to the log becomes dead there, counted and announced', async (t) => {
  const { events, enqueueDelivery, redis, settle, statusOf, counted } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  await enqueueDelivery(jobOf('ev_1'), { delayMs: 60_000 })
  await redis.zrem(queueKey(QUEUE, 'delayed'), 'ev_1')
  await redis.hset(queueKey(QUEUE, 'ev_1'), { atm: 3, failedReason: 'HTTP 500' })
  await redis.zadd(queueKey(QUEUE, 'failed'), 1, 'ev_1')
  t.same(await settle(), ['dead'])
  t.match((await events.get('ev_1'))?.deliveries, [{ status: 'dead', attempts: 3, lastError: 'HTTP 500' }])
  t.equal(await statusOf('ev_1'), 'dead')
  t.same(counted, ['dead', 'ev_1 3 HTTP 500'])
})

void t.test('a retry whose job was lost is delivered again', async (t) => {
  const { events, settle } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  await events.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'retrying', attempts: 1, lastError: 'HTTP 500' })
  t.same(await settle(), ['again'])
})

void t.test('what is delivered, dead or discarded is looked at by nobody', async (t) => {
  const { events, redis, settle } = await start(t)
  for (const status of ['delivered', 'dead', 'discarded'] as const) {
    await events.record(makeEvent(`ev_${status}`), 1, ['crm'])
    await events.deliveryChanged({ id: `ev_${status}` }, 'crm', { status, attempts: 1 })
  }
  t.equal(await redis.zcard(keys.unsettled), 0)
  t.same(await settle(), [])
})

void t.test('a replay is looked for under the id of its own job', async (t) => {
  const { events, enqueueDelivery, settle } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  await events.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'delivered', attempts: 1 })
  await events.deliveryChanged({ id: 'ev_1' }, 'crm', { status: 'pending', attempts: 0, jobId: 'ev_1.rab' })
  await enqueueDelivery(jobOf('ev_1', 'ev_1.rab'), { delayMs: 60_000 })
  t.same(await settle(), [])
})

void t.test('of a subscription that is gone the delivery is discarded', async (t) => {
  const { events, subscriptions, settle, statusOf } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  subscriptions.clear()
  t.same(await settle(), ['dropped'])
  t.equal(await statusOf('ev_1'), 'discarded')
})

void t.test('a later subscription of the same name gets nothing of the one before it', async (t) => {
  const { events, settle, statusOf } = await start(t, { createdAtMs: 2 })
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  t.same(await settle(), ['dropped'])
  t.equal(await statusOf('ev_1'), 'discarded')
})

void t.test('an event that the log has forgotten is looked for no more', async (t) => {
  const { events, redis, settle } = await start(t)
  await events.record(makeEvent('ev_1'), 1, ['crm'])
  await redis.del(keys.event('ev_1'))
  t.same(await settle(), ['over'])
  t.equal(await redis.zcard(keys.unsettled), 0)
})

void t.test('more than a page of the same millisecond is settled, each once', async (t) => {
  const { events, redis, settle } = await start(t)
  const ids = Array.from({ length: 600 }, (_, n) => `ev_${n}`)
  await Promise.all(ids.map((id) => events.record(makeEvent(id), 1, ['crm'])))
  await redis.zadd(keys.unsettled, ...ids.flatMap((id) => [1_000, `${id} crm`]))
  t.same(
    await settle(),
    ids.map(() => 'again'),
  )
  t.equal(await redis.llen(queueKey(QUEUE, 'wait')), 600)
})
