// Owns: that the lists of one caller, and of all, have a bound in parallel, and that nobody who goes away keeps a place.
import type { Grant } from '@wxgw/runtime'
import t from 'tap'
import { pluck } from '../../helpers/pluck.ts'
import { until } from '../../helpers/until.ts'
import { subscription } from './samples.ts'
import { createGateway, keyOf, PREFIX, type Fixture, refusalOf } from './gateway-fixture.ts'

const READER: Grant = { platforms: undefined, actions: undefined, authorizers: undefined }
const GRANTS = { a: [READER], b: [READER], c: [READER] }

/** Searches stand still until they are let go. */
function startGateway(t: Parameters<typeof createGateway>[0]) {
  const gateway = createGateway(t, { grants: GRANTS })
  gateway.fake.subscriptions.set('crm', subscription('crm'))
  const held: Array<() => void> = []
  Object.assign(gateway.fake.platform.events, {
    find: () => new Promise((resolve) => held.push(() => resolve({ items: [], nextCursor: null }))),
  })
  return { gateway, held, letGo: (count = held.length) => held.splice(0, count).forEach((go) => go()) }
}

const search = ({ request }: Fixture, caller: string) => request(`${PREFIX}/events`, { key: keyOf(caller) })
const turn = () => new Promise((resolve) => setImmediate(resolve))

void t.test('two calls of one caller run at once, four of all; the rest wait and are answered', async (t) => {
  const { gateway, held, letGo } = startGateway(t)
  const answers = ['a', 'a', 'a', 'a', 'b', 'b', 'c', 'c'].map((caller) => search(gateway, caller))
  await until('four are worked on', () => held.length === 4)
  await turn()
  t.equal(held.length, 4)
  let worked = 0
  while (worked < 8) {
    worked += held.length
    t.ok(held.length <= 4)
    letGo()
    await until('the next ones come', () => held.length > 0 || worked === 8)
  }
  t.same(
    pluck(await Promise.all(answers), 'statusCode'),
    answers.map(() => 200),
  )
})

void t.test('reads by id take turns when each goes to several shards', async (t) => {
  for (const messageShards of [1, 64]) {
    const gateway = createGateway(t, { grants: GRANTS, config: { messageShards } })
    const held: Array<() => void> = []
    Object.assign(gateway.fake.platform.events, {
      get: () => new Promise((resolve) => held.push(() => resolve(undefined))),
    })
    const read = (path: string) => gateway.request(`${PREFIX}/events/ev_1${path}`, { key: keyOf('a') })
    const answers = ['', '/attempts', '', '/attempts'].map(read)
    const atOnce = messageShards === 1 ? 4 : 2
    await until(`${atOnce} are worked on`, () => held.length === atOnce)
    await turn()
    t.equal(held.length, atOnce)
    for (let worked = 0; worked < 4;) {
      await until('there is a next one', () => held.length > 0)
      worked += held.splice(0).map((go) => go()).length
    }
    t.same(pluck(await Promise.all(answers), 'statusCode'), [404, 404, 404, 404])
  }
})

void t.test('every long request counts, whichever it is', async (t) => {
  const { gateway, held, letGo } = startGateway(t)
  const blocked = [search(gateway, 'a'), search(gateway, 'a')]
  await until('both are worked on', () => held.length === 2)
  const call = (method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, payload?: object) => {
    return gateway.request(`${PREFIX}${path}`, { method, key: keyOf('a'), payload })
  }
  const dead = '/subscriptions/crm/dead-letters'
  const one = '/subscriptions/crm'
  const long = [
    ...([
      ['GET', '/authorizers'],
      ['GET', '/subscriptions'],
      ['GET', dead],
      ['POST', `${dead}/replay`],
      ['DELETE', dead],
    ] as const),
    ...([
      ['GET', one],
      ['PUT', one, { sink: { kind: 'queue' } }],
      ['PATCH', one, { enabled: true }],
      ['DELETE', one],
    ] as const),
    ...([
      ['POST', `${one}/test`],
      ['POST', '/events/ev_1/replay'],
    ] as const),
  ]
  for (const answer of await Promise.all(long.map(([method, path, body]) => call(method, path, body)))) {
    t.equal(refusalOf(answer), '429 RATE_LIMITED')
    t.equal(answer.headers['retry-after'], '1')
  }
  t.equal((await call('GET', '/events/ev_1')).statusCode, 404, 'what is short is not held')
  const large = {
    match: { types: Array.from({ length: 1_000 }, (_, n) => `wechat.event.${'x'.repeat(30)}${n}`) },
    sink: { kind: 'queue' },
  }
  t.equal((await call('POST', '/replies/ev_1', large)).statusCode, 429, 'a large body is, before it is parsed')
  letGo()
  await Promise.all(blocked)
})

void t.test('of one caller 256 wait; one more is refused at once, and other callers are not', async (t) => {
  const { gateway, held, letGo } = startGateway(t)
  const answers = Array.from({ length: 258 }, () => search(gateway, 'a'))
  await until('two are worked on', () => held.length === 2)
  await turn()
  t.equal((await search(gateway, 'a')).statusCode, 429)
  const other = search(gateway, 'b')
  await until('the other caller has its place', () => held.length === 3)
  letGo()
  t.equal((await other).statusCode, 200)
  // A place rests for a multiple of the time that it was held.
  const done = Promise.all(answers)
  let isDone = false
  void done.then(() => (isDone = true))
  await until('all are answered', () => {
    letGo()
    return isDone
  })
})

void t.test('a client that goes away gives up its place, at work or waiting', async (t) => {
  const { gateway, held, letGo } = startGateway(t)
  const url = await gateway.internalServer.listen({ host: '127.0.0.1', port: 0 })
  const going = new AbortController()
  const ask = (signal?: AbortSignal) =>
    fetch(`${url}${PREFIX}/events`, { headers: gateway.bearer(keyOf('a')), ...(signal ? { signal } : {}) })
  const gone = Array.from({ length: 5 }, () => ask(going.signal).catch(() => 'gone'))
  await until('two are worked on', () => held.length === 2)
  going.abort()
  await Promise.all(gone)
  const stays = ask()
  await until('the one that stays has its place', () => held.length >= 3)
  letGo()
  t.equal((await stays).status, 200)
  gateway.internalServer.server.closeAllConnections()
})
