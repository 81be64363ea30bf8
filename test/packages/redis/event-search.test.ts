// Owns: searching the event log by a user, and by text.
import { withoutContent } from '@wxgw/contracts'
import {
  createEventErasure,
  createEventLog,
  createMessageShards,
  type EventFilter,
  type EventLog,
  type ShardCount,
} from '@wxgw/redis'
import t from 'tap'
import { APP_ID, keys, makeEvent, PLATFORM, shards, startStore } from './queues-fixture.ts'

const all: EventFilter = { limit: 100, cursor: undefined }
const FOUR: ShardCount = { get: () => 4, known: Promise.resolve(4), hasEventsOfBefore: () => false }
const OTHER = 'wxfedcba9876543210'
const seen = (event: unknown) => event
const idsOf = async (log: EventLog, filter: Partial<EventFilter>) =>
  (await log.find({ ...all, ...filter })).items.map(({ id }) => id)

async function walk(log: EventLog, filter: Partial<EventFilter>): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = []
  let [pages, cursor]: [number, string | undefined] = [0, undefined]
  do {
    const page = await log.find({ ...all, ...filter, cursor })
    ids.push(...page.items.map(({ id }) => id))
    cursor = page.nextCursor ?? undefined
    pages += 1
  } while (cursor !== undefined)
  return { ids, pages }
}

for (const [name, spread] of [
  ['one shard', shards],
  ['four shards', createMessageShards(PLATFORM, FOUR)],
] as const) {
  void t.test(`${name}: all events of one user are found without reading the account's others`, async (t) => {
    const { commands } = await startStore(t)
    const log = createEventLog({ redis: commands, shards: spread, eventLogSeconds: 600 })
    const at = Date.now() - 10_000
    const expected: string[] = []
    for (let start = 0; start < 3_000; start += 250) {
      await Promise.all(
        Array.from({ length: 250 }, (_, index) => {
          const n = start + index
          if (n % 100 === 0) expected.unshift(`ev_${n}`)
          const type = n % 200 === 0 ? 'wechat.event.scan' : 'wechat.message.text'
          const changes = {
            type,
            authorizerappid: n % 100 === 50 ? OTHER : APP_ID,
            subject: n % 50 === 0 ? 'oWANTED' : `o${n}`,
          }
          return log.record(makeEvent(`ev_${n}`, changes), at + n, [])
        }),
      )
    }
    const user = { authorizer: APP_ID, subject: 'oWANTED' }
    const commandsOf = async () =>
      Number(/cmdstat_hmget:calls=(\d+)/.exec(await commands.info('commandstats'))?.[1] ?? 0)
    const before = await commandsOf()
    t.same(await idsOf(log, user), expected)
    t.ok((await commandsOf()) - before < 60, 'few other events are looked at')
    t.same((await walk(log, { ...user, limit: 7 })).ids, expected, 'page by page')
    t.same(
      await idsOf(log, { ...user, type: 'wechat.event.*' }),
      expected.filter((_, index) => index % 2 === 1),
      'and of a type',
    )
    const listed = await idsOf(log, { ...user, fromMs: at + 100, toMs: at + 300 })
    t.same(listed, ['ev_300', 'ev_200', 'ev_100'], 'and of a time')
    t.equal((await idsOf(log, { authorizer: OTHER, subject: 'oWANTED' })).length, 30)
    t.same(await idsOf(log, { ...user, only: [OTHER] }), [], 'of an account that the caller may not see')
    t.same(await idsOf(log, { ...user, subject: 'oNOBODY' }), [])
  })
}

void t.test('events recorded before users were indexed are found in the account', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 600 })
  const at = Date.now() - 10_000
  const old = makeEvent('ev_old', { subject: 'oWANTED' })
  await commands.hset(keys.event(old.id), {
    event: JSON.stringify(old),
    receivedAtMs: at,
    type: old.type,
    authorizer: APP_ID,
  })
  await commands.zadd(keys.events, at, old.id)
  await commands.zadd(keys.eventsOfAuthorizer(APP_ID), at, old.id)
  const user = { authorizer: APP_ID, subject: 'oWANTED' }
  t.same(await idsOf(log, user), ['ev_old'], 'before anything new is recorded')
  await log.record(makeEvent('ev_new', { subject: 'oWANTED' }), at + 1, [])
  await log.record(makeEvent('ev_other', { subject: 'oOTHER' }), at + 2, [])
  t.same(await idsOf(log, user), ['ev_new', 'ev_old'])
  t.ok(Number(await commands.get(keys.usersKnownFrom)) > Date.now() + 600_000, 'until what had no index is forgotten')
})

void t.test('an index of users keeps no more than the log does', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 600, maxEvents: 5 })
  for (let n = 0; n < 40; n += 1) await log.record(makeEvent(`ev_${n}`, { subject: 'oONE' }), Date.now() + n, [])
  const [index = ''] = await commands.keys(keys.eventsOfUsers('*'))
  t.ok((await commands.zcard(index)) <= 6)
  t.same(await idsOf(log, { authorizer: APP_ID, subject: 'oONE' }), ['ev_39', 'ev_38', 'ev_37', 'ev_36', 'ev_35'])
})

void t.test('text is found in the decoded values of data, however JSON escapes them, only there', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 600 })
  const at = Date.now() - 10_000
  const values: Array<[id: string, data: Record<string, unknown>]> = [
    ['chinese', { Content: '我想退货,谢谢' }],
    ['quoted', { Content: 'say "hi" \\ and\n<b>' }],
    ['deep', { List: { item: [{ a: 'x' }, { a: 'Order-42' }] } }],
    ['emoji', { Content: '👍🏽 ok' }],
    ['name', { Order: 'none' }],
  ]
  for (const [n, [id, data]] of values.entries()) await log.record(makeEvent(id, { data }), at + n, [])
  const found: Array<[needle: string, ids: string[]]> = [
    ['退货', ['chinese']],
    ['"hi" \\ and\n<', ['quoted']],
    ['order', ['deep']],
    ['ORDER-4', ['deep']],
    ['👍🏽', ['emoji']],
    ['item', []],
    ['\\n', []],
    ['wechat.message', []],
    ['oOPENID', []],
  ]
  for (const [needle, ids] of found) t.same(await idsOf(log, { text: { needle, shown: seen } }), ids, needle)
  t.same(await idsOf(log, { text: { needle: '退货', shown: withoutContent } }), [], 'what is not shown is not found')
  const { scannedTo, nextCursor } = await log.find({ ...all, fromMs: at, text: { needle: '退货', shown: seen } })
  t.same([scannedTo, nextCursor], [new Date(at).toISOString(), null], 'it says how far it came')
})

void t.test('a text search reads a bounded part, says how far it came, and continues to the end', async (t) => {
  const { commands } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 600 })
  const at = Date.now() - 60_000
  const filler = 'x'.repeat(400_000)
  await log.record(makeEvent('needle', { data: { Content: 'the needle' } }), at - 1, [])
  for (let n = 0; n < 30; n += 1) await log.record(makeEvent(`ev_${n}`, { data: { Content: filler } }), at + n, [])
  const text = { needle: 'needle', shown: seen }
  const first = await log.find({ ...all, text })
  t.same(first.items, [])
  t.ok(Date.parse(first.scannedTo ?? '') > at, 'what is older was not looked at')
  t.ok(first.nextCursor)
  t.same((await walk(log, { text })).ids, ['needle'])
})

void t.test('of a user whose content was erased the events are found, without it', async (t) => {
  const { commands, queues } = await startStore(t)
  const log = createEventLog({ redis: commands, shards, eventLogSeconds: 600 })
  await log.record(makeEvent('ev_1', { data: { MsgType: 'text', Content: 'secret' } }), Date.now(), [])
  const user = { authorizer: APP_ID, subject: 'oOPENID' }
  const erasure = createEventErasure({
    platform: PLATFORM,
    redis: commands,
    shards,
    queues,
    subscriptions: { all: async () => [] },
  })
  t.equal(await erasure.begin(user), 1)
  const listed = (await log.find({ ...all, ...user })).items.map(({ event }) => event.data)
  t.same(listed, [{ MsgType: 'text' }])
  t.same(await idsOf(log, { text: { needle: 'secret', shown: seen } }), [])
})
