// Owns: that messages wait in jobs of several, and that they are counted all the same.
import {
  createLaneWriter,
  createMessageRequeue,
  createMessageBatches,
  messageInbox,
  MESSAGES_QUEUE,
  NO_REPLICA_BARRIER,
  UNSHARDED,
  waitingLanesKey,
  waitingMessages,
} from '@wxgw/redis'
import t from 'tap'
import { makeEvent, PLATFORM, startStore } from './queues-fixture.ts'

const entry = (id: string) => ({ event: makeEvent(id), receivedAtMs: 5 })

void t.test('what wants in at once is one job of at most 25, and each waits for its own', async (t) => {
  const store = await startStore(t)
  const batches = createMessageBatches(store)
  const entries = Array.from({ length: 60 }, (_, index) => entry(`ev_${index}`))
  await Promise.all(entries.map((one) => batches.add(one)))
  const jobs = await store.queues.open(messageInbox(0)).getWaiting()
  t.same(jobs.map(({ data }) => String(data.events.length)).toSorted(), ['10', '25', '25'])
  t.same(
    jobs
      .flatMap(({ data }) => data.events)
      .map(({ event }) => String(event.id))
      .toSorted(),
    entries.map(({ event }) => event.id).toSorted(),
  )
  t.match(jobs[0]?.data, { v: 2, kind: 'fan-out-batch', events: [{ receivedAtMs: 5 }] })
  t.equal(await waitingMessages(store.commands, 1), 60)
})

void t.test(
  'thousands of waiting jobs, retries and lists of ordered accounts are counted message by message',
  async (t) => {
    const store = await startStore(t)
    const queue = store.queues.open(messageInbox(0))
    const sizes = Array.from({ length: 2_345 }, (_, index) => 1 + (index % 25))
    const jobs = sizes.map((size, index) => {
      const opts = { jobId: `f.${index}x${size}`, delay: index < 1_200 ? 60_000 : 0 }
      return { name: 'fan-out-batch', data: {}, opts }
    })
    await queue.addBulk(jobs)
    for (const delay of [0, 60_000]) await store.queues.open(MESSAGES_QUEUE).add('fan-out', {}, { delay })
    await queue.add('fan-out-batch', {}, { jobId: 'by-hand' })
    const { append } = createLaneWriter({
      ...store,
      redis: store.commands,
      count: UNSHARDED,
      replicas: NO_REPLICA_BARRIER,
    })
    const lanes = Array.from({ length: 501 }, (_, index) => ({ platform: PLATFORM, account: `wx${index}` }))
    await Promise.all([...lanes, ...lanes].map((lane) => append(lane, entry('ev_1'))))
    const inJobs = sizes.reduce((sum, size) => sum + size, 3)
    t.equal(await waitingMessages(store.commands, 1), inJobs + 2 * lanes.length)
    await queue.drain()
    await store.commands.unlink(waitingLanesKey(0))
    t.equal(
      await waitingMessages(store.commands, 1),
      sizes.slice(0, 1_200).reduce((sum, size) => sum + size, 2),
    )
  },
)

void t.test('an entry split off as its own job is one job however often, and keeps its arrival', async (t) => {
  const store = await startStore(t)
  const left = createMessageRequeue(store)
  const queue = messageInbox(0)
  const lone = [
    { arrival: 'job:3', entry: entry('ev_1') },
    { arrival: 'job:4', entry: 'no event' },
  ]
  await left.addEach(queue, lone)
  await left.addEach(queue, lone)
  const jobs = await store.queues.open(messageInbox(0)).getWaiting()
  t.same(
    jobs.map(({ data }) => JSON.stringify(data.events)).toSorted(),
    [['no event'], [{ ...entry('ev_1'), arrival: 'job:3' }]].map((events) => JSON.stringify(events)).toSorted(),
  )
  await left.addEach(queue, [{ arrival: 'job:5', entry: entry('ev_2'), delayMs: 60_000 }])
  t.equal(await store.queues.open(messageInbox(0)).getDelayedCount(), 1)
  t.equal(await waitingMessages(store.commands, 1), 3)
})
