// Owns: what an ingress enqueues again when Redis has lost what it acknowledged. That it notices: packages/redis/loss-watch.test.
import { createRecentAcceptances } from '@wxgw/ingress'
import type { GatewayEvent } from '@wxgw/contracts'
import type { Inbox } from '@wxgw/platform'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { collectLog, makeEvent } from '../../packages/redis/queues-fixture.ts'

/** Of an inbox, what is remembered; a store that de-duplicates and can lose everything. */
function createStore() {
  let known = new Set<string>()
  let away = false
  const take = async (id: string) => {
    if (away) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
    if (id === 'poisoned' && known.size > 0) throw new GatewayError('INTERNAL', 'refused')
    const outcome = known.has(id) ? ('duplicate' as const) : ('accepted' as const)
    known.add(id)
    return outcome
  }
  const inbox: Pick<Inbox, 'message' | 'componentEvent'> = {
    message: ({ id }) => take(id),
    componentEvent: ({ eventId }) => take(eventId),
  }
  return {
    inbox: inbox as Inbox,
    known: () => [...known],
    lose: (ids: readonly string[]) => (known = new Set([...known].filter((id) => !ids.includes(id)))),
    setAway: (is: boolean) => (away = is),
  }
}

function createRecent({ mostBytes }: { mostBytes?: number } = {}) {
  const clock = { now: 1_000_000, nowMs: () => clock.now }
  const log = collectLog()
  const recent = createRecentAcceptances({ clock, log, ...(mostBytes === undefined ? {} : { mostBytes }) })
  return { clock, log, recent, store: createStore(), signal: new AbortController().signal }
}

const ARRIVAL = { receivedAtMs: 1, made: 1 }
const message = (id: string, content = 'x'): GatewayEvent => makeEvent(id, { data: { Content: content } })

void t.test('what was lost is enqueued again, and what is still there is not doubled', async (t) => {
  const { recent, store, log, signal } = createRecent()
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  await inbox.message(message('a'), ARRIVAL)
  await inbox.componentEvent({ eventId: 'b', plaintext: '<xml/>', ...ARRIVAL })
  await inbox.message(message('c'), ARRIVAL)
  store.lose(['b', 'c'])
  await recent.enqueueAgain('another-server', signal)
  t.same(store.known().toSorted(), ['a', 'b', 'c'])
  t.match(log.lines, [{ level: 'warn', message: 'pushes.enqueued_again', fields: { reason: 'another-server', lost: 2, stillThere: 1 } }])
})

void t.test('what was refused was not acknowledged and is not enqueued', async (t) => {
  const { recent, store, signal } = createRecent()
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  store.setAway(true)
  await t.rejects(inbox.message(message('a'), ARRIVAL))
  store.setAway(false)
  await recent.enqueueAgain('emptied', signal)
  t.same(store.known(), [])
})

void t.test('30 s of acknowledging are kept, however long nothing is acknowledged after them', async (t) => {
  const { recent, store, clock, signal } = createRecent()
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  await inbox.message(message('old'), ARRIVAL)
  clock.now += 20_000
  await inbox.message(message('kept'), ARRIVAL)
  clock.now += 15_000
  await inbox.message(message('last'), ARRIVAL)
  clock.now += 600_000
  store.lose(['old', 'kept', 'last'])
  await recent.enqueueAgain('another-server', signal)
  t.same(store.known(), ['kept', 'last'])
})

void t.test('the memory is bounded: the oldest go first', async (t) => {
  const { recent, store, signal } = createRecent({ mostBytes: 3_000 })
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  for (const id of ['a', 'b', 'c', 'd']) await inbox.message(message(id, 'x'.repeat(1_000)), ARRIVAL)
  store.lose(['a', 'b', 'c', 'd'])
  await recent.enqueueAgain('emptied', signal)
  t.same(store.known(), ['c', 'd'])
})

void t.test('a store that is away again is tried until it takes them', async (t) => {
  const { recent, store, signal } = createRecent()
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  await inbox.message(message('a'), ARRIVAL)
  store.lose(['a'])
  store.setAway(true)
  const again = recent.enqueueAgain('another-server', signal)
  store.setAway(false)
  await again
  t.same(store.known(), ['a'])
})

void t.test('one that is refused for good holds up none after it', async (t) => {
  const { recent, store, log, signal } = createRecent()
  const inbox = recent.remember({ id: 'open1', inbox: store.inbox })
  await inbox.message(message('poisoned'), ARRIVAL)
  await inbox.message(message('b'), ARRIVAL)
  store.lose(['b'])
  await recent.enqueueAgain('another-server', signal)
  t.ok(store.known().includes('b'))
  t.match(log.lines.at(-1), { fields: { lost: 1, givenUp: 1 } })
})
