// Owns: what one attempt at a delivery comes to, for the queue, the event log and the subscription.
import type { DeliveryJob, DeliveryResult, Subscription } from '@wxgw/contracts'
import { GatewayError, type StopSignal } from '@wxgw/wechat-core'
import {
  type ObservedAttempt,
  type CalledWebhook,
  createDeliver,
  type DeliverDeps,
  type SinkPort,
  type SinkRequest,
} from '@wxgw/worker'
import t from 'tap'
import { pluck } from '../../../helpers/pluck.ts'
import { until } from '../../../helpers/until.ts'
import { deliveryOf, HEALTH, subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const NOW = 1_800_000_000_000
const WEBHOOK = subscription('crm', {
  sink: webhookSink('https://crm.example/hook', 500),
  retry: { scheduleSeconds: [5, 300] },
})

const REPLIES: DeliverDeps['replies'] = { offer: async () => 'accepted', endWait: async () => {} }

type Change = { eventId: string; subscription: string } & Parameters<DeliverDeps['events']['deliveryChanged']>[2]

function setUp(
  deliver: SinkPort['deliver'],
  { known = WEBHOOK, deps = {} }: { known?: Subscription | undefined; deps?: Partial<DeliverDeps> } = {},
) {
  const changes: Change[] = []
  const disabled: string[] = []
  const logged: [string, Record<string, unknown>][] = []
  const seen: [CalledWebhook, ObservedAttempt][] = []
  const log = (fields: Record<string, unknown>, message: string) => void logged.push([message, fields])
  const counted: string[] = []
  const run = createDeliver({
    statistics: { count: (what) => void counted.push(what) },
    onDead: () => undefined,
    onAttempt: () => undefined,
    subscriptions: {
      get: async (name) => (known.name === name ? known : undefined),
      disable: async (name) => disabled.push(name) > 0,
    },
    events: {
      deliveryChanged: async ({ id }, name, change) =>
        void changes.push({ eventId: id, subscription: name, ...change }),
    },
    sinks: { webhook: { deliver }, queue: { deliver }, stream: { deliver } },
    health: HEALTH,
    onDisabled: async () => {},
    throttleTurns: { take: async () => ({ kind: 'now', hasWaited: false }) },
    directCalls: { observe: (webhook, attempt) => void seen.push([webhook, attempt]) },
    replies: REPLIES,
    clock: { nowMs: () => NOW },
    random: () => 0.5,
    log: { debug: log, info: log, warn: log, error: log },
    ...deps,
  })
  const attempt = (number = 1, changed: Partial<DeliveryJob> = {}, signal = new AbortController().signal) =>
    run({ ...job(), ...changed }, { jobId: 'ev_1', number, signal })
  return { attempt, changes, disabled, logged, seen, counted }
}

function job(): DeliveryJob {
  return deliveryOf(textEvent(), { receivedAtMs: NOW - 10 })
}

const answering = (result: DeliveryResult) => async () => result
/** The attempts of what is not to be called would be put off. */
const unwanted = () => Promise.reject(new Error('must not be called'))
function status(code: number): DeliveryResult {
  return { outcome: 'rejected', status: code, gone: code === 410, retryAfterSeconds: undefined }
}
const delivered: DeliveryResult = { outcome: 'delivered' }

void t.test('each attempt shows how the consumer is doing', async (t) => {
  for (const [result, was] of [
    [delivered, true],
    [status(500), false],
    [status(410), false],
  ] as const) {
    const { attempt, seen } = setUp(answering(result))
    await attempt()
    const webhook = { subscription: 'crm', url: 'https://crm.example/hook' }
    t.same(seen, [[webhook, { delivered: was, durationMs: 0 }]])
  }
})

void t.test('a delivered event is done and noted with the attempt it took', async (t) => {
  const { attempt, changes } = setUp(answering(delivered))
  t.same(await attempt(2), { kind: 'done', what: 'delivered' })
  const made = { attempt: 2, startedAtMs: NOW, durationMs: 0, outcome: 'delivered' }
  t.match(changes, [
    { eventId: 'ev-1', subscription: 'crm', status: 'delivered', attempts: 2, deliveredAtMs: NOW, made },
  ])
})

void t.test('a later subscription of the name gets nothing of the one before, nor what was under way', async (t) => {
  let called = 0
  const before = setUp(async () => ((called += 1), delivered), { known: { ...WEBHOOK, createdAtMs: 2 } })
  t.same(await before.attempt(1, { subscribedAtMs: 1 }), { kind: 'done', what: 'dropped' })
  t.equal(called, 0)
  for (const code of [500, 410]) {
    let known = { ...WEBHOOK, createdAtMs: 1 }
    const deps = { subscriptions: { get: async () => known, disable: async () => t.fail('it has done nothing') } }
    const during = setUp(async () => ((known = { ...known, createdAtMs: 2 }), status(code)), { deps })
    t.same(await during.attempt(1, { subscribedAtMs: 1 }), { kind: 'done', what: 'dropped' })
    t.match(during.changes, [{ status: 'discarded', attempts: 1 }])
  }
})

void t.test('a reply that could not be read is noted with the delivery, where a push waited for one', async (t) => {
  const replyProblem = 'reply not read: the answer is not JSON'
  const asked = setUp(answering({ outcome: 'delivered', replyProblem }))
  t.same(await asked.attempt(1, { reply: { deadlineAtMs: NOW + 100 } }), { kind: 'done', what: 'delivered' })
  t.match(asked.changes, [{ status: 'delivered', attempts: 1, lastError: replyProblem }])
  const unasked = setUp(answering({ outcome: 'delivered', replyProblem }))
  t.same(await unasked.attempt(1), { kind: 'done', what: 'delivered' })
  t.match(unasked.changes, [{ status: 'delivered', attempts: 1, lastError: undefined }])
})

void t.test('the sink gets the event and its JSON; a replay keeps its id and is named in it', async (t) => {
  const requests: SinkRequest[] = []
  const { attempt } = setUp(async (request) => (requests.push(request), delivered))
  const event = textEvent()
  await attempt(1)
  await attempt(1, { deliveryId: `${event.id}.r0a1b2c`, reply: { deadlineAtMs: NOW + 100 } })
  t.same(pluck(requests, 'event'), [event, { ...event, replay: 'r0a1b2c' }])
  for (const request of requests) t.same(JSON.parse(request.body), request.event)
  t.match(requests[1], { subscription: WEBHOOK, deliveryId: `${event.id}.r0a1b2c` })
})

void t.test('a failed attempt is tried again by the schedule, then stands in the dead letters', async (t) => {
  const { attempt, changes } = setUp(answering(status(500)))
  t.same(await attempt(1), { kind: 'retry', delayMs: 5_500, error: 'HTTP 500' })
  t.same(await attempt(2), { kind: 'retry', delayMs: 330_000, error: 'HTTP 500' })
  t.same(await attempt(3), { kind: 'dead', error: 'HTTP 500' })
  const about = { eventId: 'ev-1', subscription: 'crm', lastError: 'HTTP 500' }
  const made = { startedAtMs: NOW, durationMs: 0, outcome: 'failed', httpStatus: 500, error: 'HTTP 500' }
  t.match(changes, [
    { ...about, status: 'retrying', attempts: 1, made: { ...made, attempt: 1, nextAttemptAtMs: NOW + 5_500 } },
    { ...about, status: 'retrying', attempts: 2, made: { ...made, attempt: 2, nextAttemptAtMs: NOW + 330_000 } },
    { ...about, status: 'dead', attempts: 3, made: { ...made, attempt: 3, nextAttemptAtMs: undefined } },
  ])
})

void t.test('410 disables the subscription and ends the delivery', async (t) => {
  const { attempt, changes, disabled } = setUp(answering(status(410)))
  t.same(await attempt(1), { kind: 'dead', error: 'HTTP 410' })
  t.same(disabled, ['crm'])
  t.match(changes, [{ status: 'dead', attempts: 1, lastError: 'HTTP 410' }])
})

void t.test('of a disabled subscription what was pending is dead without an attempt', async (t) => {
  const known = { ...WEBHOOK, enabled: false }
  const { attempt, changes } = setUp(unwanted, { known })
  t.same(await attempt(2), { kind: 'dead', error: 'subscription disabled', attempts: 1 })
  t.match(changes, [{ status: 'dead', attempts: 1, lastError: 'subscription disabled' }])
})

void t.test('a failed attempt at a subscription that was disabled meanwhile waits for no other', async (t) => {
  let enabled = true
  const failing = async () => {
    enabled = false
    return status(500)
  }
  const { attempt, changes } = setUp(failing, {
    deps: { subscriptions: { get: async () => ({ ...WEBHOOK, enabled }), disable: async () => false } },
  })
  t.same(await attempt(1), { kind: 'dead', error: 'subscription disabled' })
  t.match(changes.at(-1), { status: 'dead', attempts: 1, lastError: 'subscription disabled' })
})

void t.test('the delivery of a deleted subscription is dropped', async (t) => {
  const { attempt, changes } = setUp(unwanted)
  t.same(await attempt(1, { subscription: 'gone' }), { kind: 'done', what: 'dropped' })
  t.match(changes, [{ subscription: 'gone', status: 'discarded', attempts: 0 }])
})

void t.test('a sink that does not end by itself is ended by its timeout', async (t) => {
  let signal: StopSignal | undefined
  const { attempt } = setUp(
    (request) => {
      signal = request.signal
      return new Promise(() => {})
    },
    { known: { ...WEBHOOK, sink: webhookSink('https://crm.example/', 100) } },
  )
  t.match(await attempt(1), { kind: 'retry', error: 'timeout' })
  t.equal(signal?.aborted && signal.reason instanceof Error && signal.reason.name, 'TimeoutError')
})

void t.test('an attempt that the process’ end cuts off does not count', async (t) => {
  const stop = new AbortController()
  const { attempt, changes } = setUp(() => {
    stop.abort()
    return new Promise(() => {})
  })
  t.same(await attempt(1, {}, stop.signal), { kind: 'delay', delayMs: 0 })
  t.same(await attempt(1, {}, AbortSignal.abort()), { kind: 'delay', delayMs: 0 })
  t.same(changes, [])
})

void t.test('a fault of our own delays the delivery without counting an attempt', async (t) => {
  const away = () => Promise.reject(new Error('store away'))
  const sinkFault = setUp(away)
  t.same(await sinkFault.attempt(1), { kind: 'delay', delayMs: 1_000 })
  t.match(sinkFault.logged, [['delivery.postponed', { eventId: 'ev-1', subscription: 'crm' }]])
  const masterAway = setUp(() => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })))
  t.same(await masterAway.attempt(3), { kind: 'delay', delayMs: 1_000 }, 'of a queue or a stream')
  t.same([masterAway.logged, masterAway.changes], [[], []], 'readiness reports it, and no retry is used up')
  const storeFault = setUp(answering(delivered), { deps: { subscriptions: { get: away, disable: away } } })
  t.same(await storeFault.attempt(1), { kind: 'delay', delayMs: 1_000 })
  const wontDisable = setUp(answering(status(410)), {
    deps: { subscriptions: { get: async () => WEBHOOK, disable: away } },
  })
  t.same(await wontDisable.attempt(1), { kind: 'delay', delayMs: 1_000 })
})

void t.test('a note that the event log does not take changes nothing', async (t) => {
  const { attempt, logged } = setUp(answering(delivered), {
    deps: { events: { deliveryChanged: () => Promise.reject(new Error('store away')) } },
  })
  t.same(await attempt(1), { kind: 'done', what: 'delivered' })
  t.ok(logged.some(([message]) => message === 'delivery.stateLost'))
})

void t.test('a reply goes to the push that waited for it, and only then', async (t) => {
  const offered: [string, unknown][] = []
  const reply = { MsgType: 'text', Content: '好' }
  const offer: DeliverDeps['replies']['offer'] = async (...[eventId, given]) => (
    offered.push([eventId, given]),
    'accepted'
  )
  const { attempt } = setUp(answering({ outcome: 'delivered', reply }), { deps: { replies: { ...REPLIES, offer } } })
  t.same(await attempt(1, { reply: { deadlineAtMs: NOW + 1 } }), { kind: 'done', what: 'delivered', reply })
  await attempt(1)
  t.same(offered, [['ev-1', reply]])
})

void t.test('a reply that nobody wants any more is no failure, an invalid one is', async (t) => {
  const reply = { MsgType: 'nonsense' }
  const waiting = { reply: { deadlineAtMs: NOW - 1 } }
  const offering = (offer: DeliverDeps['replies']['offer']) =>
    setUp(answering({ outcome: 'delivered', reply }), { deps: { replies: { ...REPLIES, offer } } })
  t.match(await offering(async () => 'too-late').attempt(1, waiting), { kind: 'done' })
  const invalid = offering(async () => 'invalid')
  t.match(await invalid.attempt(1, waiting), { kind: 'retry', error: 'invalid reply' })
  t.match(await invalid.attempt(3, waiting), { kind: 'dead', error: 'invalid reply' })
  const lost = offering(() => Promise.reject(new Error('store away')))
  t.match(await lost.attempt(1, waiting), { kind: 'done' })
  t.ok(lost.logged.some(([message]) => message === 'reply.lost'))
})

void t.test('with an open breaker a push waits only for a consumer that may reply in time', async (t) => {
  const ended: string[] = []
  const ending = (failing: boolean, deliver: SinkPort['deliver'], pass: DeliverDeps['health']['pass'] = HEALTH.pass) =>
    setUp(deliver, {
      deps: {
        replies: { ...REPLIES, endWait: async (eventId, name) => void ended.push(`${eventId} ${name}`) },
        health: { ...HEALTH, isOpen: () => failing, pass },
      },
    })
  const waiting = { reply: { deadlineAtMs: NOW + 4_000 } }
  const taken = () => ended.splice(0)
  const failed = answering(status(500))

  await ending(true, failed).attempt(1, { ...waiting, scheduleSeconds: [5] })
  t.same(taken(), ['ev-1 crm'], 'the retry comes too late')
  await ending(true, failed).attempt(1, { ...waiting, scheduleSeconds: [] })
  t.same(taken(), ['ev-1 crm'], 'there is no retry')
  for (const changes of [{ ...waiting, scheduleSeconds: [1] }, { reply: { deadlineAtMs: NOW - 1 } }, {}]) {
    await ending(true, failed).attempt(1, { scheduleSeconds: [], ...changes })
  }
  await ending(false, failed).attempt(1, { ...waiting, scheduleSeconds: [] })
  await ending(true, answering(delivered)).attempt(1, waiting)
  t.same(taken(), [], 'the retry is in time, the push waits no longer, the breaker is closed, it is delivered')

  let passed = (_hasPassed: boolean) => {}
  const held = ending(true, answering(delivered), () => new Promise((resolve) => (passed = resolve))).attempt(
    1,
    waiting,
  )
  await until('it is held up', () => ended.length > 0)
  passed(true)
  t.same(await held, { kind: 'done', what: 'delivered' }, 'it is delivered all the same')
})

void t.test('a slow consumer is not cut off because the push stopped waiting', async (t) => {
  const { attempt } = setUp(async ({ signal }) => {
    t.notOk(signal.aborted)
    return { outcome: 'delivered', reply: { MsgType: 'text', Content: 'late' } }
  })
  t.match(await attempt(1, { reply: { deadlineAtMs: NOW - 5_000 } }), { kind: 'done' })
})

void t.test('failures in a row space the attempts out and never count more than were made', async (t) => {
  let calls = 0
  const { attempt, changes } = setUp(async () => {
    calls += 1
    return calls <= 20 ? status(503) : delivered
  })
  for (let call = 0; call < 20; call += 1) t.match(await attempt(1), { kind: 'retry' })
  t.match(await attempt(1), { kind: 'done' })
  t.equal(calls, 21)
  t.ok(changes.every(({ attempts }) => attempts === 1))
})

void t.test('each attempt leaves one line, without the event’s content', async (t) => {
  const { attempt, logged } = setUp(answering(status(500)))
  await attempt(1)
  const line = { eventId: 'ev-1', subscription: 'crm', attempt: 1, outcome: 'retry', error: 'HTTP 500', durationMs: 0 }
  t.match(logged, [['delivery.attempted', { ...line, retryInMs: 5_500 }]])
  t.notMatch(JSON.stringify(logged), /你好|oOPENID/)
})

void t.test('the statistics count each attempt by its outcome, and what comes to the dead letters', async (t) => {
  const table: [string, DeliveryResult, { known?: Subscription; number?: number }, string[]][] = [
    ['taken', delivered, {}, ['delivered']],
    ['refused, to be tried again', status(500), {}, ['failed']],
    ['refused for the last time', status(500), { number: 3 }, ['failed', 'dead']],
    ['gone', status(410), {}, ['failed', 'dead']],
    ['disabled: not tried', delivered, { known: { ...WEBHOOK, enabled: false } }, ['dead']],
  ]
  for (const [what, result, { known, number }, expected] of table) {
    const { attempt, counted } = setUp(answering(result), known ? { known } : {})
    await attempt(number)
    t.same(counted, expected, what)
  }
})

void t.test('a paused subscription gets nothing and logs nothing, even if paused while this waited', async (t) => {
  const known = { ...WEBHOOK, throttle: { perSecond: 1 }, paused: false }
  const take = async () => ((known.paused = true), { kind: 'now', hasWaited: true } as const)
  for (const paused of [
    setUp(unwanted, { known: { ...WEBHOOK, paused: true } }),
    setUp(unwanted, { known, deps: { throttleTurns: { take } } }),
  ]) {
    t.same(await paused.attempt(), { kind: 'back' })
    t.same([paused.changes, paused.counted], [[], []])
  }
})

void t.test('a delivery that finds no place to wait in goes back, and no attempt is counted', async (t) => {
  const { attempt, changes, counted } = setUp(answering(delivered), {
    deps: { throttleTurns: { take: async () => ({ kind: 'later', delayMs: 2_000 }) } },
  })
  t.same(await attempt(), { kind: 'delay', delayMs: 2_000 })
  t.same([changes, counted], [[], []])
})
