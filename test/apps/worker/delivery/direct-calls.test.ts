// Owns: which webhooks are called straight from the fan-out, and how many at once.
import { createDirectCalls, DIRECT_CALLS_AT_MOST, DIRECT_CALLS_PER_SUBSCRIPTION, type Leave } from '@wxgw/worker'
import t from 'tap'

const QUICK = { delivered: true, durationMs: 2 }
const SLOW = { delivered: true, durationMs: 400 }
const FAILED = { delivered: false, durationMs: 2 }
const WAITS = 'waits'

function setUp(...quick: string[]) {
  const underWay = { count: 0 }
  const directCalls = createDirectCalls(underWay)
  for (const name of quick) directCalls.seen(name, QUICK)
  const enter = (name: string): Leave => {
    const leave = directCalls.enter(name)
    if (typeof leave !== 'function') throw new Error(`${name} may not be called now`)
    return leave
  }
  return { directCalls, enter, underWay }
}

function atOnce(entering: unknown): Promise<unknown> {
  return Promise.race([entering, new Promise((resolve) => setImmediate(() => resolve(WAITS)))])
}

void t.test('nobody is called before an answer from the queue was quick', async (t) => {
  const { directCalls } = setUp()
  t.equal(directCalls.enter('crm'), undefined)
  directCalls.seen('crm', SLOW)
  t.equal(directCalls.enter('crm'), undefined)
  directCalls.seen('crm', FAILED)
  directCalls.seen('crm', QUICK)
  t.type(directCalls.enter('crm'), 'function')
  t.equal(directCalls.enter('other'), undefined)
})

void t.test('a failure ends it at once, slowness when it lasts', async (t) => {
  const { directCalls, enter } = setUp('crm', 'bi')
  enter('crm')(FAILED)
  t.equal(directCalls.enter('crm'), undefined)
  for (let call = 0; call < 20; call += 1) enter('bi')({ delivered: true, durationMs: call === 7 ? 200 : 2 })
  t.type(directCalls.enter('bi'), 'function')
  enter('bi')(SLOW)
  t.equal(directCalls.enter('bi'), undefined)
})

void t.test('so many at once; the next waits for a place, in turn', async (t) => {
  const { directCalls, enter } = setUp('crm')
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('crm'))
  const next = [0, 1].map(async () => directCalls.enter('crm'))
  t.equal(await atOnce(next[0]), WAITS)
  calls[0]?.(QUICK)
  t.type(await atOnce(next[0]), 'function')
  t.equal(await atOnce(next[1]), WAITS)
  calls[1]?.(QUICK)
  t.type(await atOnce(next[1]), 'function')
})

void t.test('whoever waits goes by the queue once the consumer fails, or after a moment', async (t) => {
  const { directCalls, enter } = setUp('crm', 'hangs')
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('crm'))
  const waiting = [0, 1].map(async () => directCalls.enter('crm'))
  calls[0]?.(FAILED)
  t.same(await Promise.all(waiting), [undefined, undefined])
  for (let call = 0; call < DIRECT_CALLS_PER_SUBSCRIPTION; call += 1) enter('hangs')
  t.equal(await directCalls.enter('hangs'), undefined)
})

void t.test('nobody waits where much stands before him', async (t) => {
  const { directCalls, enter } = setUp()
  directCalls.seen('crm', { delivered: true, durationMs: 45 })
  for (let call = 0; call < DIRECT_CALLS_PER_SUBSCRIPTION; call += 1) enter('crm')
  const waiting = Array.from({ length: 100 }, () => directCalls.enter('crm')).filter((entering) => entering instanceof Promise)
  t.ok(waiting.length > 1 && waiting.length < 20, `${waiting.length} wait`)
  for (const gaveUp of await Promise.all(waiting)) t.equal(gaveUp, undefined)
})

void t.test('consumers that hang take no more than the places that are there for calls', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const { directCalls, underWay } = setUp(...names)
  const entered = names.flatMap((name) => Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => directCalls.enter(name)))
  const calls = entered.filter((leave) => typeof leave === 'function')
  t.equal(calls.length, DIRECT_CALLS_AT_MOST)
  const ofAnotherPlatform = createDirectCalls(underWay)
  ofAnotherPlatform.seen('a', QUICK)
  t.equal(ofAnotherPlatform.enter('a'), undefined)
  calls[0]?.(QUICK)
  t.type(ofAnotherPlatform.enter('a'), 'function')
})

void t.test('a subscription that is gone has to earn it again', async (t) => {
  const { directCalls } = setUp('crm', 'bi')
  directCalls.keep(new Set(['bi']))
  t.equal(directCalls.enter('crm'), undefined)
  t.type(directCalls.enter('bi'), 'function')
})
