// Owns: that the content of one user's events goes out of log and dead letters, and nothing else does.
import { type DeliveryJob, DeliveryJobSchema, type GatewayEvent, withoutContent } from '@wxgw/contracts'
import {
  createDeadLetters,
  createDeliveryQueue,
  createEventErasure,
  createEventLog,
  createQueueWorker,
  deliveriesQueue,
  type EventLog,
  MAINTENANCE_QUEUE,
  type MadeAttempt,
} from '@wxgw/redis'
import t, { type Test } from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { APP_ID, dump, makeEvent, parserOf, PLATFORM, shards, startStore, type Store } from './queues-fixture.ts'
import { subscription } from '../../apps/worker/delivery-fixtures.ts'

const USER = { authorizer: APP_ID, subject: 'oUSER' }
const all = { limit: 100, cursor: undefined }

function open(store: Store, atOnce?: number) {
  const redis = store.commands
  const events = createEventLog({ redis, shards, eventLogSeconds: 60 })
  const subscriptions = { all: async () => ['bi', 'crm'].map((name) => subscription(name)) }
  return {
    events,
    deadLetters: createDeadLetters({ platform: PLATFORM, redis, queues: store.queues, events }),
    erasure: createEventErasure({
      platform: PLATFORM,
      redis,
      shards,
      queues: store.queues,
      subscriptions,
      ...(atOnce ? { atOnce } : {}),
    }),
  }
}

const written = (id: string, changes: Partial<GatewayEvent> = {}): GatewayEvent =>
  makeEvent(id, {
    subject: 'oUSER',
    data: { MsgType: 'text', MsgId: '7', CreateTime: '1', FromUserName: 'oUSER', Content: `secret of ${id}` },
    ...changes,
  })

async function fail(t: Test, store: Store, name: string, events: readonly GatewayEvent[]) {
  const deliveries = createDeliveryQueue({ queues: store.queues, redis: store.commands })
  const queue = deliveriesQueue(PLATFORM, name)
  const job = (event: GatewayEvent): DeliveryJob => {
    return {
      v: 1,
      kind: 'deliver',
      platform: PLATFORM,
      subscription: name,
      event,
      receivedAtMs: 1,
      deliveryId: event.id,
      scheduleSeconds: [],
    }
  }
  for (const event of events) await deliveries.enqueueDelivery(job(event))
  const worker = createQueueWorker<DeliveryJob>({
    ...{
      connection: store.blocking,
      queue,
      concurrency: 10,
      log: store.log,
      backoff: () => 0,
      parse: parserOf(DeliveryJobSchema),
    },
    handle: async () => ({ kind: 'dead', error: 'HTTP 500' }),
  })
  await until('all are dead', async () => (await store.queues.open(queue).getFailedCount()) === events.length)
  await worker.close()
  t.pass()
}

/** Kept with the delivery, beside it, and with what a state would hide. */
const answered = (number: number, id: string) =>
  [`{"secret of ${id}":","}`, `secret of ${id} ${'x'.repeat(1_000)}`, `secret of ${id} ",\n"answer":"`][number - 1] ??
  ''

function attempt(events: EventLog, id: string, { attempt: number, answer }: Pick<MadeAttempt, 'attempt' | 'answer'>) {
  const outcome = number === 3 ? 'delivered' : 'failed'
  const made = { attempt: number, startedAtMs: number, durationMs: 1, outcome, answer } as const
  return events.deliveryChanged({ id, authorizerappid: APP_ID }, 'crm', {
    status: number === 3 ? 'delivered' : 'retrying',
    attempts: number,
    made,
  })
}

void t.test('the content of one user goes, in the log and in every dead letter; the rest stays', async (t) => {
  const store = await startStore(t)
  const { events, deadLetters, erasure } = open(store)
  const mine = ['ev_1', 'ev_2', 'ev_3'].map((id) => written(id))
  const others = [
    written('ev_4', { subject: 'oUSER2' }),
    written('ev_5', { authorizerappid: 'wxfedcba9876543210' }),
    written('ev_6', { subject: 'oOTHER', data: { MsgType: 'text', Content: '{"subject":"oUSER"}', subject: 'oUSER' } }),
  ]
  for (const event of [...mine, ...others]) await events.record(event, Date.now(), ['crm'])
  await fail(t, store, 'crm', [...mine.slice(0, 2), ...others])
  for (const id of ['ev_1', 'ev_2', 'ev_4']) {
    for (const number of [1, 2, 3]) await attempt(events, id, { attempt: number, answer: answered(number, id) })
  }
  // The log no longer knows it.
  await fail(t, store, 'bi', [written('ev_old')])

  t.equal(await erasure.begin(USER), 4, 'an event in both counts once')
  for (const event of mine) {
    t.match(await events.get(event.id), {
      id: event.id,
      subject: 'oUSER',
      event: withoutContent(event),
      deliveries: [{ subscription: 'crm' }],
    })
  }
  for (const event of others) t.same((await events.get(event.id))?.event, event)
  const { items } = await deadLetters.list('crm', all)
  const found = items.map(({ event }) => event).toSorted(byId)
  t.same(found, [...mine.slice(0, 2).map(withoutContent), ...others].toSorted(byId))
  t.same(pluck((await deadLetters.list('bi', all)).items, 'event'), [withoutContent(written('ev_old'))])
  for (const { id } of [...mine.slice(0, 2), others[0] ?? { id: '' }]) {
    const answers = (await events.attempts(id, all)).items.map(({ answer }) => answer)
    t.same(answers, id === 'ev_4' ? [answered(3, id), answered(2, id), answered(1, id)] : [null, null, null], id)
  }
  await attempt(events, 'ev_1', { attempt: 4, answer: answered(1, 'ev_1') })
  t.equal((await events.attempts('ev_1', all)).items[0]?.answer, null, 'nor is a later one kept')
  t.notMatch(await dump(store.commands), /secret of ev_(1|2|3|old)/)
  t.equal(await erasure.begin(USER), 0, 'safe to repeat')
  t.same(await store.queues.open(MAINTENANCE_QUEUE).getJobCounts('waiting'), { waiting: 0 })
})

void t.test('of more than an HTTP call waits for, the newest are erased and a worker is told', async (t) => {
  const store = await startStore(t)
  const { events, erasure } = open(store, 10)
  for (let number = 0; number < 30; number += 1)
    await events.record(written(`ev_${number}`), Date.now() - 30 + number, [])
  t.equal(await erasure.begin(USER), 10)
  t.notMatch(JSON.stringify((await events.get('ev_29'))?.event), 'secret')
  const [job] = await store.queues.open(MAINTENANCE_QUEUE).getWaiting()
  t.same(job?.data, { v: 1, kind: 'erase', platform: PLATFORM, ...USER })
  t.equal(await erasure.complete(USER), 20)
  t.notMatch(await dump(store.commands), /secret of/)
})

function byId(left: unknown, right: unknown): number {
  return JSON.stringify(left) < JSON.stringify(right) ? -1 : 1
}
