// Owns: that a list of an ordered account which has lost its job gets one again, and that no other list does.
import {
  createLaneReader,
  createLaneWriter,
  createStrandedLanes,
  laneLeaseKey,
  messageInbox,
  UNSHARDED,
} from '@wxgw/redis'
import t, { type Test } from 'tap'
import { APP_ID, makeEvent, PLATFORM, startStore } from './queues-fixture.ts'

const INBOX = 0
const lane = { platform: PLATFORM, account: APP_ID }
const other = { platform: PLATFORM, account: 'wxfedcba9876543210' }

async function open(t: Test) {
  const { commands: redis, queues } = await startStore(t)
  const replicas = { confirmed: <T>(_key: string, write: () => Promise<T>) => write() }
  const writer = createLaneWriter({ redis, count: UNSHARDED, queues, replicas })
  const queue = queues.open(messageInbox(INBOX))
  return {
    redis,
    queue,
    reader: createLaneReader({ redis, count: UNSHARDED, queues }),
    stranded: createStrandedLanes({ redis, queues }),
    append: (to: typeof lane, id: string) => writer.append(to, { event: makeEvent(id), receivedAtMs: Date.now() }),
    accounts: async () => (await queue.getJobs(['waiting'])).map(({ data }) => String(data.account)),
  }
}

void t.test('a list whose job a failover has lost gets one again, once', async (t) => {
  const { queue, stranded, append, accounts, reader } = await open(t)
  await append(lane, 'ev_1')
  await append(other, 'ev_2')
  await queue.drain()
  t.equal(await stranded.repair(INBOX), 0, 'it may be about to be worked off')
  t.equal(await stranded.repair(INBOX), 2)
  t.equal(await stranded.repair(INBOX), 0, 'now they have one')
  t.same((await accounts()).toSorted(), [APP_ID, other.account].toSorted())

  t.equal((await reader.next(lane, 'a job', 0))?.length, 1)
  t.equal(await reader.next(lane, 'a job', 1), undefined)
  await queue.drain()
  await stranded.repair(INBOX)
  await stranded.repair(INBOX)
  t.same(await accounts(), [other.account], 'the list that was worked off gets none')
})

void t.test('one job follows to a list, however much is appended before somebody works it off', async (t) => {
  const { append, accounts, reader } = await open(t)
  for (const id of ['ev_1', 'ev_2', 'ev_3']) await append(lane, id)
  t.same(await accounts(), [APP_ID])
  await reader.next(lane, 'a job', 0)
  t.equal(await reader.next(lane, 'a job', 3), undefined)
  await append(lane, 'ev_4')
  t.same(await accounts(), [APP_ID, APP_ID])
})

void t.test('a list whose job waits behind others gets no second one', async (t) => {
  const { stranded, append, accounts } = await open(t)
  await append(other, 'ev_1')
  await append(lane, 'ev_2')
  for (let look = 0; look < 3; look += 1) t.equal(await stranded.repair(INBOX), 0)
  t.same((await accounts()).toSorted(), [APP_ID, other.account].toSorted())
})

void t.test('a list that is worked off, or has gone on, gets no job', async (t) => {
  const { redis, queue, stranded, append, reader } = await open(t)
  await append(lane, 'ev_1')
  await append(lane, 'ev_2')
  await queue.drain()
  await reader.next(lane, 'a job', 0)
  for (let look = 0; look < 3; look += 1) t.equal(await stranded.repair(INBOX), 0, 'somebody has the lease')
  await redis.del(laneLeaseKey(INBOX, lane))
  await stranded.repair(INBOX)
  await reader.next(lane, 'another job', 0)
  await reader.next(lane, 'another job', 1)
  await redis.del(laneLeaseKey(INBOX, lane))
  t.equal(await stranded.repair(INBOX), 0, 'another entry stands first')
})

void t.test('of more accounts than one look reads, the next looks read the others', async (t) => {
  const { queue, stranded, append, accounts } = await open(t)
  const names: string[] = []
  while (names.length < 1_200) {
    const next = Array.from({ length: 100 }, (_, index) => `wx${String(names.length + index).padStart(16, '0')}`)
    await Promise.all(next.map((account) => append({ platform: PLATFORM, account }, 'ev_1')))
    names.push(...next)
  }
  await queue.drain()
  const found: string[] = []
  for (let look = 0; look < 6; look += 1) {
    await stranded.repair(INBOX)
    found.push(...(await accounts()))
    await queue.drain()
  }
  t.same(found.toSorted(), names)
})

void t.test('a delayed job frees its own lane for the next job at once, and no other lane', async (t) => {
  const { queue, append, accounts, reader } = await open(t)
  await append(lane, 'ev_1')
  await reader.next(lane, 'a job', 0)
  await queue.drain()
  t.equal(await reader.next(lane, 'the next job', 0), undefined, 'the first one has the lease')
  await reader.goOnLater(lane, 'a job')
  t.same(await accounts(), [APP_ID])
  t.equal((await reader.next(lane, 'the next job', 0))?.length, 1)
  await reader.goOnLater(lane, 'a job')
  t.equal(await reader.next(lane, 'a third job', 0), undefined, 'the next one has it still')
})
