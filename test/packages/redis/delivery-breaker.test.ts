// Owns: that one attempt of all workers passes a half-open breaker, and that a worker which dies during it holds the others up no longer
// than its lease.
import { createDeliveryHealthStore, type DeliveryHealthStore } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { until } from '../../helpers/until.ts'
import { keys, startStore } from './queues-fixture.ts'

const LEASE_MS = 300
const LONG_MS = 60_000

/** Behind a breaker that five failures have opened, when its pause is over. */
async function openBreaker(t: Test): Promise<DeliveryHealthStore> {
  const { commands: redis } = await startStore(t)
  await redis.hset(keys.subscriptions, 'crm', '{}')
  const store = createDeliveryHealthStore({ redis, keys })
  const failure = {
    delivered: 0,
    failed: 1,
    buckets: new Map(),
    lastSuccessAtMs: undefined,
    error: 'HTTP 500',
    orderingKey: undefined,
  }
  for (let count = 0; count < 5; count += 1)
    await store.report([{ subscription: 'crm', ...failure, eventId: `gw_${count}` }])
  return store
}

/** Resolves when the attempt is this worker's. */
async function probe(store: DeliveryHealthStore, leaseMs: number): Promise<void> {
  await until('the attempt is its', async () => (await store.claimProbe('crm', leaseMs)) === 0, { everyMs: 5 })
}

void t.test('while one attempt is under way no other worker makes one', async (t) => {
  const store = await openBreaker(t)
  await probe(store, LONG_MS)
  for (let ask = 0; ask < 3; ask += 1) t.ok(Number(await store.claimProbe('crm', LONG_MS)) > 0)
  await store.releaseProbe('crm')
  t.equal(await store.claimProbe('crm', LONG_MS), 0, 'one that was not made is given back at once')
})

void t.test('a worker that dies during it holds the others up for its lease alone', async (t) => {
  const store = await openBreaker(t)
  await probe(store, LEASE_MS)
  const waitMs = Number(await store.claimProbe('crm', LONG_MS))
  t.ok(waitMs > 0 && waitMs <= LEASE_MS, `${waitMs} ms to wait`)
  await probe(store, LONG_MS)
  t.ok(Number(await store.claimProbe('crm', LONG_MS)) > 0, "the attempt is the next worker's, and nobody else's")
})
