// Owns: which events a subscription is for, by a table and against the plainest possible matcher.
import { compileMatcher, inheritMatcher, type Subscription } from '@wxgw/contracts'
import t from 'tap'
import { APP_A, APP_B, subscription } from '../delivery-fixtures.ts'

type Match = { authorizers?: string[]; types?: string[] }

function matching(match: Match, changes: Partial<Subscription> = {}): Subscription {
  return subscription('crm', { match: { authorizers: match.authorizers, types: match.types }, ...changes })
}

function matches(match: Match, event: { type: string; authorizerappid?: string }): boolean {
  return compileMatcher([matching(match)])(event).length === 1
}

void t.test('types match without case, and a star at the end is a wildcard', async (t) => {
  const table: [string[] | undefined, string, boolean][] = [
    [undefined, 'wechat.message.text', true],
    [['wechat.message.text'], 'wechat.message.text', true],
    [['wechat.message.TEXT'], 'wechat.message.text', true],
    [['wechat.message.text'], 'wechat.message.texts', false],
    [['wechat.message.text'], 'wechat.message.tex', false],
    [['wechat.message.*'], 'wechat.message.text', true],
    [['WeChat.Message.*'], 'wechat.message.text', true],
    [['wechat.message.*'], 'wechat.message.', true],
    [['wechat.message.*'], 'wechat.event.subscribe', false],
    [['wechat.event.sub*'], 'wechat.event.subscribe', true],
    [['*'], 'anything', true],
    [['wechat.event.scan', 'wechat.message.*'], 'wechat.message.image', true],
    [['wechat.event.scan', 'wechat.message.*'], 'wechat.event.view', false],
    [[], 'wechat.message.text', false],
    [['wechat.message.text', 'wechat.*', '*'], 'wechat.message.text', true],
  ]
  for (const [types, type, expected] of table) {
    t.equal(matches(types === undefined ? {} : { types }, { type }), expected, `${String(types)} ${type}`)
  }
})

void t.test('authorizers compare with the account of the event', async (t) => {
  const type = 'wechat.message.text'
  t.ok(matches({ authorizers: [APP_A, APP_B] }, { type, authorizerappid: APP_B }))
  t.notOk(matches({ authorizers: [APP_A] }, { type, authorizerappid: APP_B }))
  t.notOk(matches({ authorizers: [APP_A] }, { type }))
  t.notOk(matches({ authorizers: [] }, { type, authorizerappid: APP_A }))
  t.notOk(matches({ authorizers: [APP_A], types: ['wechat.event.*'] }, { type, authorizerappid: APP_A }))
  t.ok(matches({}, { type }))
})

void t.test('a disabled subscription never matches', async (t) => {
  t.same(compileMatcher([matching({}, { enabled: false })])({ type: 'x' }), [])
})

void t.test('matches come in the order of their names, each once', async (t) => {
  const all = ['c', 'a', 'b'].map((name) => subscription(name, { match: { authorizers: undefined, types: ['x', 'X', 'x*', '*'] } }))
  t.same(compileMatcher(all)({ type: 'x' }).map(({ name }) => name), ['a', 'b', 'c'])
})

void t.test('the same array is compiled once', async (t) => {
  const all = [subscription('a')]
  t.equal(compileMatcher(all), compileMatcher(all))
  t.not(compileMatcher(all), compileMatcher([...all]))
})

void t.test('thousands of random subscriptions match as the plainest matcher does', async (t) => {
  const random = seeded(42)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const words = ['wechat', 'message', 'event', 'text', 'Text', 'scan', 'SUBSCRIBE']
  const name = () => Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(words)).join(pick(['.', '_', '-', '']))
  /** Starts of names, so that patterns cover each other and whole types. */
  const start = () => name().slice(0, Math.floor(random() * 12))
  const apps = [APP_A, APP_B, 'wxcccccccccccccccc']
  const some = <T>(make: () => T) => (random() < 0.3 ? undefined : Array.from({ length: Math.floor(random() * 4) }, make))
  const all = Array.from({ length: 3_000 }, (_, index) =>
    subscription(`s${String(index).padStart(5, '0')}`, {
      enabled: random() > 0.1,
      match: { authorizers: some(() => pick(apps)), types: some(() => (random() < 0.5 ? `${start()}*` : name())) },
    }),
  )
  const match = compileMatcher(all)
  for (let round = 0; round < 300; round += 1) {
    const event = { type: random() < 0.2 ? start() : name(), ...(random() < 0.2 ? {} : { authorizerappid: pick(apps) }) }
    const expected = all.filter((candidate) => plainlyMatches(candidate, event)).map((found) => found.name)
    t.same(match(event).map((found) => found.name), expected)
  }
})

void t.test('while subscriptions come, change and go, each matcher of the row matches as the plainest one does', async (t) => {
  const random = seeded(7)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const some = <T>(from: readonly T[]) => (random() < 0.3 ? undefined : Array.from({ length: Math.floor(random() * 4) }, () => pick(from)))
  const types = ['a', 'A', 'a*', 'ab', 'ab*', '*', 'abc*']
  const make = (name: string) =>
    subscription(name, { enabled: random() > 0.2, match: { authorizers: some([APP_A, APP_B]), types: some(types) } })
  const events = ['a', 'ab', 'abcd', 'x'].flatMap((type) => [{ type }, { type, authorizerappid: APP_A }, { type, authorizerappid: APP_B }])
  const row = [Array.from({ length: 20 }, (_, n) => make(`s${n}`)).toSorted(byName)]
  for (let round = 0; round < 200; round += 1) {
    const before = row.at(-1) ?? []
    const name = `s${Math.floor(random() * 30)}`
    const others = before.filter((one) => one.name !== name)
    const next = (random() < 0.3 ? others : [...others, make(name)]).toSorted(byName)
    inheritMatcher(next, before)
    row.push(next)
    // Whoever holds an earlier array asks between those who have the next one.
    for (const asked of random() < 0.2 ? [next, pick(row), next] : [next]) {
      const wrong = events.filter((event) => {
        const expected = asked.filter((candidate) => plainlyMatches(candidate, event))
        return String(compileMatcher(asked)(event).map((one) => one.name)) !== String(expected.map((one) => one.name))
      })
      t.same(wrong, [], `round ${round}`)
    }
  }
})

void t.test('a change costs the lists of the subscription that changed, and of no other', async (t) => {
  const reads: string[] = []
  const named = (name: string) => {
    const authorizers = [APP_A, APP_B]
    const iterate = authorizers[Symbol.iterator].bind(authorizers)
    authorizers[Symbol.iterator] = () => {
      reads.push(name)
      return iterate()
    }
    return subscription(name, { match: { authorizers, types: undefined } })
  }
  const before = ['a', 'b', 'c'].map(named)
  const event = { type: 'x', authorizerappid: APP_A }
  compileMatcher(before)(event)
  t.same(reads.splice(0), ['a', 'b', 'c'])
  const next = before.map((one) => (one.name === 'b' ? named('b') : one))
  inheritMatcher(next, before)
  t.same(compileMatcher(next)(event).map(({ name }) => name), ['a', 'b', 'c'])
  t.same(reads.splice(0), ['b', 'b'], 'once to take the old one out, once to put the new one in')
})

void t.test('many authorizers and many types cost their sum: 200 subscriptions of 10,000 times 1,000 fit in little memory', async (t) => {
  const authorizers = Array.from({ length: 10_000 }, (_, n) => `wx${String(n).padStart(16, '0')}`)
  const all = Array.from({ length: 200 }, (_, n) => {
    const types = Array.from({ length: 1_000 }, (_, type) => `wechat.event.t${type}.${n}${type % 2 === 0 ? '*' : ''}`)
    return subscription(`s${String(n).padStart(3, '0')}`, { match: { authorizers, types } })
  })
  const heapBefore = process.memoryUsage().heapUsed
  const match = compileMatcher(all)
  const names = (type: string) => match({ type, authorizerappid: authorizers[5_000] ?? '' }).map(({ name }) => name)
  t.same(names('wechat.event.t7.7'), ['s007'])
  t.same(names('wechat.event.t8.19.and-more'), ['s001', 's019'])
  t.same(names('wechat.event.t9.19.and-more'), [])
  const grownBytes = process.memoryUsage().heapUsed - heapBefore
  t.ok(grownBytes < 250_000_000, `${Math.round(grownBytes / 1e6)} MB, what is not collected yet included`)
})

const byName = (left: Subscription, right: Subscription) => (left.name < right.name ? -1 : 1)

function plainlyMatches({ enabled, match }: Subscription, event: { type: string; authorizerappid?: string }): boolean {
  const type = event.type.toLowerCase()
  const ofType = match.types?.map((pattern) => pattern.toLowerCase())
  return (
    enabled &&
    (match.authorizers === undefined || (event.authorizerappid !== undefined && match.authorizers.includes(event.authorizerappid))) &&
    (ofType === undefined ||
      ofType.some((pattern) => (pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type)))
  )
}

/** The same numbers in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
