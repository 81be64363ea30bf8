// Owns: which webhooks are called straight from the fan-out, and how many at once.
import {
  type ObservedAttempt,
  createDirectCalls,
  DIRECT_CALLS_AT_MOST,
  DIRECT_CALLS_PER_SUBSCRIPTION,
  type Leave,
} from '@wxgw/worker'
import t from 'tap'

const QUICK = { delivered: true, durationMs: 2 }
const SLOW = { delivered: true, durationMs: 400 }
const FAILED = { delivered: false, durationMs: 2 }
const WAITS = 'waits'

const hook = (subscription: string, url = `https://${subscription}.example/`) => ({ subscription, url })

function setUp(quick: string[], { underWay = { count: 0 }, longestWaitMs = 60_000 } = {}) {
  const directCalls = createDirectCalls(underWay, { longestWaitMs })
  const ask = (name: string) => directCalls.enter(hook(name))
  const observe = (name: string, attempt: ObservedAttempt) => directCalls.observe(hook(name), attempt)
  for (const name of quick) observe(name, QUICK)
  const enter = (name: string): Leave => {
    const leave = ask(name)
    if (typeof leave !== 'function') throw new Error(`${name} may not be called now`)
    return leave
  }
  return { directCalls, ask, observe, enter, underWay }
}

function atOnce(entering: unknown): Promise<unknown> {
  return Promise.race([entering, new Promise((resolve) => setImmediate(() => resolve(WAITS)))])
}

void t.test('nobody is called before an answer from the queue was quick', async (t) => {
  const { ask, observe } = setUp([])
  t.equal(ask('crm'), undefined)
  observe('crm', SLOW)
  t.equal(ask('crm'), undefined)
  observe('crm', FAILED)
  observe('crm', QUICK)
  t.type(ask('crm'), 'function')
  t.equal(ask('other'), undefined)
})

void t.test('a failure ends it at once, slowness when it lasts', async (t) => {
  const { ask, enter } = setUp(['crm', 'bi'])
  enter('crm')(FAILED)
  t.equal(ask('crm'), undefined)
  for (let call = 0; call < 20; call += 1) enter('bi')({ delivered: true, durationMs: call === 7 ? 200 : 2 })
  t.type(ask('bi'), 'function')
  enter('bi')(SLOW)
  t.equal(ask('bi'), undefined)
})

void t.test('so many at once; the next waits for a place, in turn', async (t) => {
  const { ask, enter } = setUp(['crm'])
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('crm'))
  const next = [0, 1].map(async () => ask('crm'))
  t.equal(await atOnce(next[0]), WAITS)
  calls[0]?.(QUICK)
  t.type(await atOnce(next[0]), 'function')
  t.equal(await atOnce(next[1]), WAITS)
  calls[1]?.(QUICK)
  t.type(await atOnce(next[1]), 'function')
})

void t.test('whoever waits goes by the queue once the consumer fails', async (t) => {
  const { ask, enter } = setUp(['crm'])
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('crm'))
  const waiting = [0, 1].map(async () => ask('crm'))
  calls[0]?.(FAILED)
  t.same(await Promise.all(waiting), [undefined, undefined])
})

void t.test('when no call ends in time the waiting go by the queue, as does the next, until it answers', async (t) => {
  const { ask, observe, enter } = setUp(['hangs'], { longestWaitMs: 20 })
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('hangs'))
  t.same(await Promise.all([ask('hangs'), ask('hangs')]), [undefined, undefined])
  t.equal(ask('hangs'), undefined, 'without waiting')
  calls[0]?.({ delivered: true, durationMs: 10_000 })
  calls[1]?.({ delivered: false, durationMs: 10_000 })
  t.equal(ask('hangs'), undefined)
  observe('hangs', QUICK)
  t.type(ask('hangs'), 'function')
})

void t.test('a call that waited too long goes by the queue, and the webhook stays quick', async (t) => {
  const { ask, enter } = setUp(['crm'], { longestWaitMs: 20 })
  const calls = Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => enter('crm'))
  const waiting = [0, 1].map(async () => ask('crm'))
  calls[0]?.(QUICK)
  const [first, second] = await Promise.all(waiting)
  t.type(first, 'function')
  t.equal(second, undefined)
  calls[1]?.(QUICK)
  t.type(ask('crm'), 'function')
})

void t.test('nobody waits where much stands before him', async (t) => {
  const { ask, observe, enter } = setUp([], { longestWaitMs: 20 })
  observe('crm', { delivered: true, durationMs: 45 })
  for (let call = 0; call < DIRECT_CALLS_PER_SUBSCRIPTION; call += 1) enter('crm')
  const waiting = Array.from({ length: 100 }, () => ask('crm')).filter((entering) => entering instanceof Promise)
  t.ok(waiting.length > 1 && waiting.length < 30, `${waiting.length} wait`)
  for (const gaveUp of await Promise.all(waiting)) t.equal(gaveUp, undefined)
})

void t.test('consumers that hang take no more than the places that are there for calls', async (t) => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f']
  const { ask, underWay } = setUp(names, { longestWaitMs: 20 })
  const entered = names.flatMap((name) => Array.from({ length: DIRECT_CALLS_PER_SUBSCRIPTION }, () => ask(name)))
  const calls = entered.filter((leave) => typeof leave === 'function')
  t.equal(calls.length, DIRECT_CALLS_AT_MOST)
  const ofAnotherPlatform = setUp(['a'], { underWay })
  t.equal(ofAnotherPlatform.ask('a'), undefined)
  calls[0]?.(QUICK)
  t.type(ofAnotherPlatform.ask('a'), 'function')
})

void t.test('a subscription that is gone, or leads elsewhere, has to earn it again', async (t) => {
  const { directCalls, ask, enter } = setUp(['crm', 'bi'])
  directCalls.keep(new Set(['bi']))
  t.equal(ask('crm'), undefined)
  const leave = enter('bi')
  const moved = hook('bi', 'https://new.example/')
  t.equal(directCalls.enter(moved), undefined)
  directCalls.observe(moved, SLOW)
  leave(QUICK)
  t.equal(directCalls.enter(moved), undefined)
  directCalls.observe(moved, FAILED)
  directCalls.observe(moved, QUICK)
  t.type(directCalls.enter(moved), 'function')
})
