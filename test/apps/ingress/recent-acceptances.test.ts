// Owns: what an ingress enqueues again when Redis has lost what it acknowledged. That it notices: packages/redis/loss-watch.test.
import { createRecentAcceptances, type EnqueuePush, type Push } from '@wxgw/ingress'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { collectLog, makeEvent } from '../../packages/redis/queues-fixture.ts'
import { createGateway, PREFIX } from './gateway-fixture.ts'
import { APPID_A, NOW_MS } from './samples.ts'
import { COMPONENT_APPID, queryText, sealPush, textMessage } from './sealed-push.ts'

/** A store that de-duplicates and can lose everything. */
function createStore() {
  let known = new Set<string>()
  let away = false
  const enqueue: EnqueuePush = async (push) => {
    const id = push.kind === 'message' ? push.event.id : push.eventId
    if (away) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
    if (id === 'poisoned' && known.size > 0) throw new GatewayError('INTERNAL', 'refused')
    const outcome = known.has(id) ? ('duplicate' as const) : ('accepted' as const)
    known.add(id)
    return outcome
  }
  return {
    enqueue,
    known: () => [...known],
    lose: (ids: readonly string[]) => (known = new Set([...known].filter((id) => !ids.includes(id)))),
    setAway: (is: boolean) => (away = is),
  }
}

function createRecent({ maxBytes }: { maxBytes?: number } = {}) {
  const clock = { now: 1_000_000, nowMs: () => clock.now }
  const log = collectLog()
  const store = createStore()
  const { enqueue } = store
  const recent = createRecentAcceptances({ enqueue, clock, log, ...(maxBytes === undefined ? {} : { maxBytes }) })
  const accept = async (push: Parameters<typeof recent.note>[0]) => {
    await enqueue(push)
    recent.note(push)
  }
  return { clock, log, recent, store, accept, signal: new AbortController().signal }
}

const ABOUT = { v: 1, platform: 'open1', receivedAtMs: 1, made: 1 } as const
const message = (id: string, content = 'x') =>
  ({ ...ABOUT, kind: 'message', event: makeEvent(id, { data: { Content: content } }) }) as const

void t.test('what was lost is enqueued again, and what is still there is not doubled', async (t) => {
  const { recent, store, accept, log, signal } = createRecent()
  await accept(message('a'))
  await accept({ ...ABOUT, kind: 'component-event', eventId: 'b', plaintext: '<xml/>' })
  await accept(message('c'))
  store.lose(['b', 'c'])
  await recent.enqueueAgain('another-server', signal)
  t.same(store.known().toSorted(), ['a', 'b', 'c'])
  t.match(log.lines, [
    { level: 'warn', message: 'pushes.enqueued_again', fields: { reason: 'another-server', lost: 2, stillThere: 1 } },
  ])
})

void t.test('30 s of acknowledging are kept, however long nothing is acknowledged after them', async (t) => {
  const { recent, store, accept, clock, signal } = createRecent()
  await accept(message('old'))
  clock.now += 20_000
  await accept(message('kept'))
  clock.now += 15_000
  await accept(message('last'))
  clock.now += 600_000
  store.lose(['old', 'kept', 'last'])
  await recent.enqueueAgain('another-server', signal)
  t.same(store.known(), ['kept', 'last'])
})

void t.test('the memory is bounded: the oldest go first', async (t) => {
  const { recent, store, accept, signal } = createRecent({ maxBytes: 3_000 })
  for (const id of ['a', 'b', 'c', 'd']) await accept(message(id, 'x'.repeat(1_000)))
  store.lose(['a', 'b', 'c', 'd'])
  await recent.enqueueAgain('emptied', signal)
  t.same(store.known(), ['c', 'd'])
})

void t.test('a store that is away again is tried until it takes them', async (t) => {
  const { recent, store, accept, signal } = createRecent()
  await accept(message('a'))
  store.lose(['a'])
  store.setAway(true)
  const again = recent.enqueueAgain('another-server', signal)
  store.setAway(false)
  await again
  t.same(store.known(), ['a'])
})

void t.test('one that is refused for good holds up none after it', async (t) => {
  const { recent, store, accept, log, signal } = createRecent()
  await accept(message('poisoned'))
  await accept(message('b'))
  store.lose(['b'])
  await recent.enqueueAgain('another-server', signal)
  t.ok(store.known().includes('b'))
  t.match(log.lines.at(-1), { fields: { lost: 1, givenUp: 1 } })
})

void t.test('a message that was lost is enqueued again as it was, whatever WeChat had sent', async (t) => {
  const reply = { subscription: 'crm', deadlineAtMs: NOW_MS + 4000 }
  let wanted: typeof reply | undefined
  const gateway = createGateway(t, {
    passiveReplies: { answer: ({ enqueue }) => enqueue(wanted).then(() => undefined) },
  })
  const now = NOW_MS / 1000
  const text = textMessage({ createTime: now - 1, content: '你好 "1" 😀' })
  const ticket = '<ComponentVerifyTicket>ticket@@@1</ComponentVerifyTicket>'
  const documents = [
    text,
    textMessage({ createTime: now, content: 'x' }),
    Buffer.from(text).subarray(0, Buffer.byteLength(text.slice(0, text.indexOf('好'))) + 1),
    '<xml><MsgType>event</MsgType><Event>no_time</Event></xml>',
    `<xml><CreateTime>${now + 864_000}</CreateTime><MsgType>event</MsgType><Event>in_the_future</Event></xml>`,
    'no xml',
    textMessage({ createTime: now }).replace('<MsgId>', `${ticket}<MsgId>`),
    `<xml><AppId>${COMPONENT_APPID}</AppId><InfoType>component_verify_ticket</InfoType>${ticket}</xml>`,
  ]
  for (const document of [...documents, text]) {
    const { query, body } = sealPush(document, now)
    const url = `${PREFIX}/${APPID_A}/callback?${queryText(query)}`
    const headers = { 'content-type': 'text/xml' }
    t.equal((await gateway.publicServer.inject({ method: 'POST', url, headers, payload: body })).body, 'success')
    if (document === documents.at(-1)) wanted = reply
  }
  const accepted = gateway.fake.callsOf('intake.accept') as Array<[Push & { kind: 'message' }, unknown, Buffer]>
  const again: Push[] = []
  const enqueue: EnqueuePush = async (push) => {
    again.push(push)
    return 'queued'
  }
  const recent = createRecentAcceptances({ enqueue, clock: gateway.clock, log: collectLog() })
  for (const [push, , plaintext] of accepted) recent.note(push, plaintext)
  await recent.enqueueAgain('another-server', new AbortController().signal)
  t.same(
    again,
    accepted.map(([push]) => push),
  )
  t.equal(again.length, documents.length + 1)
  t.match(again.at(-1), { reply })
})
