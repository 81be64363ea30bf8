// Owns: passive replies between processes: the first one counts, everybody who waits gets it, nobody waits too long.
import { createReplyMailbox, type ReplyMailbox } from '@wxgw/redis'
import t, { type Test } from 'tap'
import { startStopwatch } from '../../helpers/stopwatch.ts'
import { until } from '../../helpers/until.ts'
import { keys, makeEvent, shards, startStore, type Store } from './queues-fixture.ts'

const REPLY = { MsgType: 'text', Content: '你好\n' }

type Tap = Pick<typeof t, 'teardown'>

function open(t: Tap, store: Store, keepsEvents = false): ReplyMailbox {
  const subscriber = store.connect({ maxRetriesPerRequest: null })
  const mailbox = createReplyMailbox({ redis: store.commands, subscriber, keys, shards, keepsEvents, log: store.log })
  t.teardown(() => mailbox.close())
  return mailbox
}

async function startMailbox(t: Test) {
  const store = await startStore(t)
  return { store, mailbox: open(t, store) }
}

const ASKED = { subscription: 'crm', authorizerAppId: 'wx1', openId: 'oUSER', receivedAtMs: 1 }

/** Has Redis heard of the wait? */
const registered = (store: Store, eventId: string) =>
  until(`${eventId} is waited for`, async () => (await store.commands.exists(keys.reply(eventId))) === 1)

void t.test('all waiters for an event, in one process or several, get the same first reply', async (t) => {
  const store = await startStore(t)
  const [first, second, offering] = [open(t, store), open(t, store), open(t, store)]
  const deadline = Date.now() + 5_000
  const waits = [first.expect('ev_1', deadline), first.expect('ev_1', deadline), second.expect('ev_1', deadline)]
  await until('both processes wait', async () => {
    const fields = await store.commands.hkeys(keys.reply('ev_1'))
    return fields.filter((field) => field.startsWith('w:')).length === 2
  })
  t.equal(await offering.offer('ev_1', REPLY), 'accepted')
  t.equal(await offering.offer('ev_1', { MsgType: 'text', Content: 'other' }), 'already-answered')
  t.same(await Promise.all(waits), [REPLY, REPLY, REPLY])
  t.same(await second.expect('ev_1', deadline), REPLY, 'who comes later gets it too')
})

void t.test('of many offers at once exactly one is accepted', async (t) => {
  const store = await startStore(t)
  const waiting = open(t, store)
  const mailboxes = [waiting, open(t, store), open(t, store)]
  const wait = waiting.expect('ev_1', Date.now() + 5_000)
  await registered(store, 'ev_1')
  const offers = Array.from({ length: 15 }, (_, n) => n)
  const outcomes = await Promise.all(
    offers.flatMap((n) => mailboxes.map((mailbox, at) => mailbox.offer('ev_1', { n: 3 * n + at }))),
  )
  t.equal(outcomes.filter((outcome) => outcome === 'accepted').length, 1)
  t.same(await wait, { n: outcomes.indexOf('accepted') })
})

void t.test('who waits in vain gets undefined at the deadline, and a late reply is told so', async (t) => {
  const { store, mailbox } = await startMailbox(t)
  const deadline = Date.now() + 200
  const elapsedMs = startStopwatch()
  const wait = mailbox.expect('ev_1', deadline)
  await registered(store, 'ev_1')
  t.equal(await wait, undefined)
  t.ok(Date.now() >= deadline - 5, 'not before')
  t.ok(elapsedMs() < 400)
  t.equal(await mailbox.offer('ev_1', REPLY), 'too-late')
  t.equal(await mailbox.offer('ev_unknown', REPLY), 'unknown')
  const lifeMs = await store.commands.pttl(keys.reply('ev_1'))
  t.ok(lifeMs > 595_000 && lifeMs <= 600_000)
  t.equal(await mailbox.expect('ev_1', Date.now() - 1), undefined)
})

void t.test('only the subscription that was asked may reply, also to a late reply', async (t) => {
  const { store, mailbox } = await startMailbox(t)
  const wait = mailbox.expect('ev_1', Date.now() + 5_000, ASKED)
  await registered(store, 'ev_1')
  t.same(await mailbox.waitOf('ev_1'), ASKED)
  t.equal(await mailbox.waitOf('ev_2'), undefined)
  t.equal(await mailbox.offer('ev_1', REPLY, { from: 'another' }), 'not-asked')
  t.equal(await mailbox.offer('ev_1', REPLY, { from: 'crm' }), 'accepted')
  t.same(await wait, REPLY)
  await store.commands.del(keys.reply('ev_1'))
  t.equal(await mailbox.offer('ev_1', REPLY), 'already-answered', 'longer than anybody waits')
  const lifeSeconds = await store.commands.ttl(keys.replySent('ev_1'))
  t.ok(lifeSeconds > 86_000 && lifeSeconds <= 86_400)
})

void t.test('a push that names no user takes no reply that needs one', async (t) => {
  const { store, mailbox } = await startMailbox(t)
  const asked = { ...ASKED, openId: '' }
  const wait = mailbox.expect('ev_1', Date.now() + 5_000, asked)
  await registered(store, 'ev_1')
  t.same(await mailbox.waitOf('ev_1'), asked)
  t.equal(await mailbox.offer('ev_1', REPLY, { from: 'crm', needsUser: true }), 'no-user')
  t.equal(await mailbox.offer('ev_1', { raw: '<xml/>' }, { from: 'crm', needsUser: false }), 'accepted')
  t.same(await wait, { raw: '<xml/>' })
})

void t.test('without an event log the event is remembered with the wait for its reply, else not', async (t) => {
  const store = await startStore(t)
  for (const [id, keepsEvents] of [
    ['ev_kept', true],
    ['ev_not', false],
  ] as const) {
    const event = makeEvent(id)
    const mailbox = open(t, store, keepsEvents)
    void mailbox.expect(id, Date.now() + 5_000, { ...ASKED, event })
    await registered(store, id)
    t.same(await mailbox.waitOf(id), keepsEvents ? { ...ASKED, event } : ASKED)
  }
})

void t.test("a push that asked no subscription takes no reply in a subscription's name", async (t) => {
  const { store, mailbox } = await startMailbox(t)
  void mailbox.expect('ev_1', Date.now() + 5_000)
  await registered(store, 'ev_1')
  t.equal(await mailbox.offer('ev_1', REPLY, { from: 'crm' }), 'not-asked')
})

void t.test('a wait that is ended takes no reply any more, and no other wait is', async (t) => {
  const { store, mailbox } = await startMailbox(t)
  const deadline = Date.now() + 60_000
  const ended = [mailbox.expect('ev_1', deadline, ASKED), mailbox.expect('ev_1', deadline, ASKED)]
  const other = mailbox.expect('ev_2', deadline, ASKED)
  for (const id of ['ev_1', 'ev_2']) await registered(store, id)
  await mailbox.endWait('ev_2', 'another')
  await mailbox.endWait('ev_unknown', 'crm')
  await mailbox.endWait('ev_1', 'crm')
  t.same(await Promise.all(ended), [undefined, undefined])
  t.equal(await mailbox.offer('ev_1', REPLY), 'too-late', 'its fallback may send it')
  t.same(await mailbox.waitOf('ev_1'), ASKED)
  t.equal(await mailbox.offer('ev_2', REPLY), 'accepted')
  t.same(await other, REPLY)
  await mailbox.endWait('ev_2', 'crm')
  t.same(await mailbox.expect('ev_2', deadline, ASKED), REPLY, 'a reply stays')
})

void t.test('a push that comes again puts the deadline off', async (t) => {
  const { mailbox } = await startMailbox(t)
  t.equal(await mailbox.expect('ev_1', Date.now() + 50), undefined)
  const wait = mailbox.expect('ev_1', Date.now() + 5_000)
  await until('a reply is accepted again', async () => (await mailbox.offer('ev_1', REPLY)) === 'accepted')
  t.same(await wait, REPLY)
})

void t.test('with Redis gone, expect ends with undefined at its deadline, and offer rejects', async (t) => {
  const { store, mailbox } = await startMailbox(t)
  await store.server.kill()
  const elapsedMs = startStopwatch()
  t.equal(await mailbox.expect('ev_1', Date.now() + 200), undefined)
  t.ok(elapsedMs() < 600)
  await t.rejects(mailbox.offer('ev_1', REPLY), { code: 'STORE_UNAVAILABLE' })
})

void t.test('a wait outlives an outage: what is offered afterwards arrives', async (t) => {
  const store = await startStore(t)
  const [waiting, offering] = [open(t, store), open(t, store)]
  const wait = waiting.expect('ev_1', Date.now() + 9_000)
  await registered(store, 'ev_1')
  await store.server.kill()
  await store.server.start()
  await until(
    'a reply is accepted',
    async () => (await offering.offer('ev_1', REPLY).catch(() => undefined)) === 'accepted',
  )
  t.same(await wait, REPLY)
})

void t.test('a reply that was published while the line was down is found on return', async (t) => {
  const store = await startStore(t)
  const waiting = open(t, store)
  const wait = waiting.expect('ev_1', Date.now() + 9_000)
  await registered(store, 'ev_1')
  await store.commands.client('KILL', 'TYPE', 'PUBSUB')
  const offering = open(t, store)
  t.equal(await offering.offer('ev_1', REPLY), 'accepted')
  t.same(await wait, REPLY)
})

void t.test('closing ends every wait', async (t) => {
  const { mailbox } = await startMailbox(t)
  const wait = mailbox.expect('ev_1', Date.now() + 9_000)
  await mailbox.close()
  t.equal(await wait, undefined)
  t.equal(await mailbox.expect('ev_2', Date.now() + 9_000), undefined)
})

void t.test('what is no JSON is no reply', async (t) => {
  const store = await startStore(t)
  await t.rejects(open(t, store).offer('ev_1', undefined), { code: 'INVALID_REQUEST' })
})
