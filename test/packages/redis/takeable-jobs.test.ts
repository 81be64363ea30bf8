// What a watchdog may expect a worker to take, and what waits on purpose. And how long a refused worker rests.
import { outagePauseMs, takeableJobs } from '@wxgw/redis'
import t from 'tap'
import { startStore } from './queues-fixture.ts'

const QUEUE = '{takeable}'

void t.test('jobs wait to be taken, except in a queue that is paused or has reached its own limit', async (t) => {
  const store = await startStore(t)
  const queue = store.queues.open(QUEUE)
  t.equal(await takeableJobs(queue), 0)
  await Promise.all([1, 2].map((n) => store.queues.add(QUEUE, { id: `job-${n}`, name: 'job', data: {}, options: {} })))
  t.equal(await takeableJobs(queue), 2)
  await queue.pause()
  t.equal(await takeableJobs(queue), 0)
  await queue.resume()
  t.equal(await takeableJobs(queue), 2)
  await queue.setGlobalConcurrency(1)
  await store.commands.lpush(queue.toKey('active'), 'running-elsewhere')
  t.equal(await takeableJobs(queue), 0)
})

void t.test('a worker that is refused rests ever longer, never so long that it is missed afterwards', (t) => {
  t.same([1, 2, 3, 4, 5, 100].map(outagePauseMs), [1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
  t.end()
})
