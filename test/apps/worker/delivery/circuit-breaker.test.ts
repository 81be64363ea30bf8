// Owns: when the breaker lets attempts through, and that nobody waits longer than he must.
import { createCircuitBreaker } from '@wxgw/worker'
import t from 'tap'
import { startStopwatch } from '../../../helpers/stopwatch.ts'

const OPEN = 'open'
const never = new AbortController().signal

function setUp(failures = 0) {
  let nowMs = 1_000_000
  const breaker = createCircuitBreaker({ clock: { nowMs: () => nowMs } })
  for (let failure = 0; failure < failures; failure += 1) breaker.failed('crm')
  return { breaker, advance: (ms: number) => (nowMs += ms) }
}

/** `open` when the breaker lets pass at once, else the promise that waits. */
async function atOnce(pass: Promise<unknown>): Promise<unknown> {
  return Promise.race([pass.then(() => OPEN), new Promise((resolve) => setImmediate(() => resolve('waits')))])
}

void t.test('up to four failures in a row nothing waits', async (t) => {
  const { breaker } = setUp(4)
  t.equal(await atOnce(breaker.pass('crm', never)), OPEN)
})

void t.test('from the fifth on one probe passes per gap, others of the subscription wait', async (t) => {
  const { breaker, advance } = setUp(500)
  const stop = new AbortController()
  t.equal(await atOnce(breaker.pass('other', never)), OPEN)
  advance(1_000)
  t.equal(await atOnce(breaker.pass('crm', never)), OPEN)
  t.equal(await atOnce(breaker.pass('crm', stop.signal)), 'waits')
  stop.abort()
})

void t.test('a gap passes by itself', async (t) => {
  const { breaker } = setUp(5)
  await breaker.pass('crm', never)
  t.pass('10 ms later')
})

void t.test('a success lets all who wait go on, and begins the row anew', async (t) => {
  const { breaker } = setUp(500)
  const waiting = [breaker.pass('crm', never), breaker.pass('crm', never), breaker.pass('crm', never)]
  const elapsedMs = startStopwatch()
  breaker.succeeded('crm')
  await Promise.all(waiting)
  t.ok(elapsedMs() < 500)
  for (let failure = 0; failure < 4; failure += 1) breaker.failed('crm')
  t.equal(await atOnce(breaker.pass('crm', never)), OPEN)
})

void t.test('whoever is told to stop waits no longer', async (t) => {
  const { breaker } = setUp(500)
  const stop = new AbortController()
  const waiting = breaker.pass('crm', stop.signal)
  stop.abort()
  await waiting
  t.equal(await atOnce(breaker.pass('crm', AbortSignal.abort())), OPEN)
})

void t.test('a clock that was set back does not hold anybody up', async (t) => {
  const { breaker, advance } = setUp(5)
  advance(-3_600_000)
  const elapsedMs = startStopwatch()
  await breaker.pass('crm', never)
  t.ok(elapsedMs() < 1_000)
})

void t.test('the gap never exceeds a second', async (t) => {
  const { breaker, advance } = setUp(100_000)
  advance(1_000)
  t.equal(await atOnce(breaker.pass('crm', never)), OPEN)
})

void t.test('deliveries that wait for each other count once, so that one bad user opens nothing', async (t) => {
  const { breaker } = setUp()
  for (let failure = 0; failure < 20; failure += 1) breaker.failed('crm', 'a user')
  t.notOk(breaker.isOpen('crm'))
  for (const user of ['b', 'c', 'd', 'e']) breaker.failed('crm', user)
  t.ok(breaker.isOpen('crm'))
})
