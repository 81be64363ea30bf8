// Owns: which arrival of an event is the one that is dispatched.
import { type Claim, createEventClaims, createEventLog, MESSAGES_QUEUE, onceIds, queueKey } from '@wxgw/redis'
import t from 'tap'
import { keys, makeEvent, PLATFORM, shards, startStore, type Store } from './queues-fixture.ts'

const LOG_SECONDS = 86_400

/** As a fan-out has them: where there is an event log, the record decides. */
function openClaims({ commands: redis }: Store, { isLogged = true, nowMs = Date.now } = {}) {
  const claims = createEventClaims({
    platform: PLATFORM,
    redis,
    shards,
    dedupeSeconds: 3_600,
    eventLogSeconds: LOG_SECONDS,
    isLogged,
    nowMs,
  })
  const log = createEventLog({ redis, shards, eventLogSeconds: LOG_SECONDS })
  return {
    ...claims,
    async claim(own: Claim): Promise<boolean> {
      const claim = await claims.claim(own)
      return typeof claim === 'boolean'
        ? claim
        : (await log.record(makeEvent(own.event.id), 1, [], { claim })) !== undefined
    },
  }
}

/** As an ingress and a worker of the version before leave it. */
const oldName = (eventId: string) => queueKey(MESSAGES_QUEUE, `de:${onceIds(PLATFORM).fanOut({ eventId })}`)

void t.test('one of all arrivals has an event, within a job too, and again when its job reruns', async (t) => {
  const store = await startStore(t)
  const claims = openClaims(store)
  const arrivals = Array.from({ length: 60 }, (_, index) => `job:${index}`)
  const round = () => Promise.all(arrivals.map((arrival) => claims.claim({ event: { id: 'ev_1' }, arrival })))
  const first = await round()
  t.equal(first.filter(Boolean).length, 1)
  t.same(await round(), first)
  t.equal(await claims.claim({ event: { id: 'ev_2' }, arrival: 'job:0' }), true)
  const life = await store.commands.pttl(keys.arrival('ev_1'))
  t.ok(life > 3_590_000 && life <= 3_600_000, `${life}`)
})

void t.test('an old push is claimed for as long as the log, and not when the log knows its event', async (t) => {
  const store = await startStore(t)
  const claims = openClaims(store)
  const log = createEventLog({ redis: store.commands, shards, eventLogSeconds: LOG_SECONDS })
  await log.record(makeEvent('ev_logged'), Date.now(), [])
  const old = (eventId: string) => claims.claim({ event: { id: eventId }, arrival: 'job:0', isOld: true })
  const found = [await old('ev_logged'), await old('ev_logged'), await old('ev_1'), await old('ev_1')]
  t.same(found, [false, false, true, true])
  t.equal(await store.commands.exists(keys.arrival('ev_logged')), 0)
  t.ok((await store.commands.ttl(keys.arrival('ev_1'))) > 3_600)
  await log.record(makeEvent('ev_1'), Date.now(), [])
  t.equal(await old('ev_1'), true, 'it is the one that recorded it')
})

void t.test('where no event log says what was done, a claim does', async (t) => {
  const store = await startStore(t)
  const claim = { event: { id: 'ev_1' }, arrival: 'job:0' }
  for (const [isLogged, again] of [
    [true, true],
    [false, false],
  ] as const) {
    await store.commands.flushall()
    const claims = openClaims(store, { isLogged })
    t.equal(await claims.claim(claim), true)
    await claims.ended(claim)
    t.equal(await claims.claim(claim), again)
    t.equal(await claims.claim({ ...claim, arrival: 'job:1' }), false)
  }
})

void t.test('claims of the previous version and of this one exclude each other for DEDUPE_SECONDS', async (t) => {
  const store = await startStore(t)
  const clock = { now: Date.now() }
  // Its jobs were counted here.
  await store.commands.set(queueKey(MESSAGES_QUEUE, 'id'), 7)
  await store.commands.set(oldName('ev_taken'), 'f1.1')
  const claims = openClaims(store, { nowMs: () => clock.now })
  t.equal(await claims.claim({ event: { id: 'ev_taken' }, arrival: 'job:0' }), false)
  const found = await claims.claim({ event: { id: 'ev_taken' }, arrival: 'f1.1' })
  t.equal(found, true, 'that it is pushed again loses nothing')
  t.equal(await claims.claim({ event: { id: 'ev_1' }, arrival: 'job:1' }), true)
  t.equal(await store.commands.get(oldName('ev_1')), 'job:1')
  clock.now += 3_600_001
  t.equal(await claims.claim({ event: { id: 'ev_2' }, arrival: 'job:2' }), true)
  t.equal(await store.commands.exists(oldName('ev_2')), 0)
  claims.olderVersionSeen()
  await claims.claim({ event: { id: 'ev_3' }, arrival: 'job:3' })
  t.equal(await store.commands.exists(oldName('ev_3')), 1)
})

void t.test('a store without jobs of the previous version is not searched, but for an old push', async (t) => {
  const store = await startStore(t)
  const claims = openClaims(store)
  await claims.claim({ event: { id: 'ev_1' }, arrival: 'job:0' })
  t.equal(await store.commands.exists(oldName('ev_1')), 0)
  await store.commands.set(oldName('ev_2'), 'f1.1')
  t.equal(await claims.claim({ event: { id: 'ev_2' }, arrival: 'job:0', isOld: true }), false)
})
