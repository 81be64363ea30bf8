// Owns: which events a subscription is for, by a table and against the plainest possible matcher.
import { compileMatcher, explainMatch, inheritMatcher, type MatchData, type Subscription } from '@wxgw/contracts'
import t from 'tap'
import { pluck } from '../../../helpers/pluck.ts'
import { APP_A, APP_B, subscription } from '../delivery-fixtures.ts'

type Match = { authorizers?: string[]; types?: string[]; data?: MatchData }
type MatchedEvent = { type: string; authorizerappid?: string; data?: object }

function matching(match: Match, changes: Partial<Subscription> = {}): Subscription {
  return subscription('crm', {
    match: { authorizers: match.authorizers, types: match.types, data: match.data },
    ...changes,
  })
}

function matches(match: Match, event: MatchedEvent): boolean {
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

void t.test('data conditions match lists, prefixes, presence and their opposites, in depth', async (t) => {
  const data = {
    MsgType: 'event',
    Event: 'SCAN',
    EventKey: 'qrscene_7',
    Empty: '',
    Nothing: null,
    Errcode: 61023,
    Confirmed: false,
    SendPicsInfo: { Count: '2', PicList: { item: [{ PicMd5Sum: 'aa' }, { PicMd5Sum: 'bb', Note: 'x' }] } },
    List: ['one', 'two'],
    None: [],
  }
  const table: [MatchData, boolean][] = [
    [{}, true],
    [{ MsgType: ['event'] }, true],
    [{ MsgType: ['text', 'event'] }, true],
    [{ MsgType: ['text'] }, false],
    [{ MsgType: ['Event'] }, false],
    [{ msgtype: ['event'] }, false],
    [{ MsgType: [] }, false],
    [{ Missing: ['event'] }, false],
    [{ Empty: [''] }, true],
    [{ Nothing: [''] }, false],
    [{ EventKey: { prefix: 'qrscene_' } }, true],
    [{ EventKey: { prefix: 'qrscene_7' } }, true],
    [{ EventKey: { prefix: 'qrscene_77' } }, false],
    [{ EventKey: { prefix: 'QRSCENE' } }, false],
    [{ Missing: { prefix: '' } }, false],
    [{ Empty: { exists: true } }, true],
    [{ SendPicsInfo: { exists: true } }, true],
    [{ Missing: { exists: true } }, false],
    [{ Missing: { exists: false } }, true],
    [{ Nothing: { exists: false } }, true],
    [{ None: { exists: true } }, false],
    [{ EventKey: { exists: false } }, false],
    [{ MsgType: { not: ['text'] } }, true],
    [{ MsgType: { not: ['text', 'event'] } }, false],
    [{ MsgType: { not: [] } }, true],
    [{ Missing: { not: ['text'] } }, true],
    [{ 'Missing.inside': { not: ['text'] } }, true],
    [{ 'SendPicsInfo.Count': ['2'] }, true],
    [{ 'SendPicsInfo.Count.more': ['2'] }, false],
    [{ SendPicsInfo: ['2'] }, false],
    [{ 'SendPicsInfo.PicList.item.PicMd5Sum': ['bb'] }, true],
    [{ 'SendPicsInfo.PicList.item.PicMd5Sum': { prefix: 'b' } }, true],
    [{ 'SendPicsInfo.PicList.item.PicMd5Sum': ['cc'] }, false],
    [{ 'SendPicsInfo.PicList.item.PicMd5Sum': { not: ['bb'] } }, false],
    [{ 'SendPicsInfo.PicList.item.Note': { exists: true } }, true],
    [{ 'SendPicsInfo.PicList.item.0.PicMd5Sum': ['aa'] }, false],
    [{ List: ['two'] }, true],
    [{ List: { not: ['two'] } }, false],
    [{ 'List.length': { exists: true } }, false],
    [{ Errcode: ['61023'], Confirmed: ['false'] }, true],
    [{ toString: { exists: true } }, false],
    [{ 'constructor.name': { exists: true } }, false],
    [{ MsgType: ['event'], Event: ['SCAN'], EventKey: { prefix: 'qr' } }, true],
    [{ MsgType: ['event'], Event: ['SCAN'], EventKey: { prefix: 'x' } }, false],
  ]
  for (const [wanted, expected] of table)
    t.equal(matches({ data: wanted }, { type: 'x', data }), expected, JSON.stringify(wanted))
  t.notOk(matches({ data: { MsgType: ['event'] } }, { type: 'x' }), 'an event without data')
  t.ok(matches({ data: { MsgType: { not: ['event'] } } }, { type: 'x' }))
})

void t.test('an explanation names the first member that fails, and none when the event matches', async (t) => {
  const event = { type: 'wechat.event.SCAN', authorizerappid: APP_A, data: { EventKey: '7' } }
  const table: [Match, Partial<Subscription>, string | undefined][] = [
    [{}, {}, undefined],
    [{ authorizers: [APP_A], types: ['wechat.event.scan'], data: { EventKey: ['7'] } }, {}, undefined],
    [{}, { enabled: false }, 'enabled'],
    [{ authorizers: [APP_B], types: [] }, {}, 'match.authorizers'],
    [{ types: ['wechat.message.*'], data: { EventKey: ['8'] } }, {}, 'match.types'],
    [{ data: { EventKey: ['7'], 'Ticket.of': { exists: true }, Other: ['1'] } }, {}, 'match.data.Ticket.of'],
  ]
  for (const [match, changes, expected] of table)
    t.equal(explainMatch(event)(matching(match, changes)), expected, String(expected))
})

void t.test('matches come in the order of their names, each once', async (t) => {
  const all = ['c', 'a', 'b'].map((name) =>
    subscription(name, { match: { authorizers: undefined, types: ['x', 'X', 'x*', '*'] } }),
  )
  t.same(pluck(compileMatcher(all)({ type: 'x' }), 'name'), ['a', 'b', 'c'])
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
  const name = () =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(words)).join(pick(['.', '_', '-', '']))
  /** Starts of names, so that patterns cover each other and whole types. */
  const start = () => name().slice(0, Math.floor(random() * 12))
  const apps = [APP_A, APP_B, 'wxcccccccccccccccc']
  const some = <T>(make: () => T) =>
    random() < 0.3 ? undefined : Array.from({ length: Math.floor(random() * 4) }, make)
  const all = Array.from({ length: 3_000 }, (_, index) =>
    subscription(`s${String(index).padStart(5, '0')}`, {
      enabled: random() > 0.1,
      match: {
        authorizers: some(() => pick(apps)),
        types: some(() => (random() < 0.5 ? `${start()}*` : name())),
        data:
          random() < 0.8 ? undefined : { Event: random() < 0.5 ? [pick(words)] : { not: [pick(words), pick(words)] } },
      },
    }),
  )
  const match = compileMatcher(all)
  for (let round = 0; round < 300; round += 1) {
    const data = random() < 0.1 ? {} : { Event: pick(words) }
    const event = {
      type: random() < 0.2 ? start() : name(),
      ...(random() < 0.2 ? {} : { authorizerappid: pick(apps) }),
      data,
    }
    const explain = explainMatch(event)
    const expected = all.filter((candidate) => plainlyMatches(candidate, event)).map((found) => found.name)
    t.same(pluck(match(event), 'name'), expected)
    t.same(
      pluck(
        all.filter((one) => explain(one) === undefined),
        'name',
      ),
      expected,
    )
  }
})

void t.test('while subscriptions change, every matcher agrees with the plainest one', async (t) => {
  const random = seeded(7)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const some = <T>(from: readonly T[]) =>
    random() < 0.3 ? undefined : Array.from({ length: Math.floor(random() * 4) }, () => pick(from))
  const types = ['a', 'A', 'a*', 'ab', 'ab*', '*', 'abc*']
  const make = (name: string) =>
    subscription(name, { enabled: random() > 0.2, match: { authorizers: some([APP_A, APP_B]), types: some(types) } })
  const events = ['a', 'ab', 'abcd', 'x'].flatMap((type) => [
    { type },
    { type, authorizerappid: APP_A },
    { type, authorizerappid: APP_B },
  ])
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
  t.same(pluck(compileMatcher(next)(event), 'name'), ['a', 'b', 'c'])
  t.same(reads.splice(0), ['b', 'b'], 'once to take the old one out, once to put the new one in')
})

void t.test('200 subscriptions of 10,000 authorizers and 1,000 types fit in little memory', async (t) => {
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

function plainlyMatches({ enabled, match }: Subscription, event: MatchedEvent): boolean {
  const type = event.type.toLowerCase()
  const ofType = match.types?.map((pattern) => pattern.toLowerCase())
  const { Event } = (event.data ?? {}) as { Event?: string }
  const wanted = match.data?.['Event']
  return (
    enabled &&
    (!Array.isArray(wanted) || (Event !== undefined && wanted.includes(Event))) &&
    (wanted === undefined || !('not' in wanted) || Event === undefined || !wanted.not.includes(Event)) &&
    (match.authorizers === undefined ||
      (event.authorizerappid !== undefined && match.authorizers.includes(event.authorizerappid))) &&
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
