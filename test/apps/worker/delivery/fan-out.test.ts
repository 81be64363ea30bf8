// Owns: how one event becomes deliveries, and that none of them depends on another.
import type { DeliveryJob, DeliveryResult, FanOutJob, Subscription } from '@wxgw/contracts'
import type { ConsumerWrite, EnqueueOptions } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import {
  type ObservedAttempt,
  createDispatchSlots,
  createFanOut,
  type FanOutDeps,
  type FanOutOptions,
  type SinkRequest,
} from '@wxgw/worker'
import t from 'tap'
import { pluck } from '../../../helpers/pluck.ts'
import { HEALTH, subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const NOW = 1_800_000_000_000
const QUEUE = subscription('a-queue')
const STREAM = subscription('b-stream', { sink: { kind: 'stream', stream: 's', maxLength: undefined } })
const WEBHOOK = subscription('c-webhook', {
  sink: webhookSink('https://crm.example/'),
  retry: { scheduleSeconds: [1] },
})
const stop = new AbortController().signal

type Enqueued = [job: DeliveryJob, options: EnqueueOptions | undefined]

function setUp(
  subscriptions: Subscription[],
  // On a Redis in parts no queue takes an event as it is recorded.
  {
    results = {},
    inParts = false,
    deps = {},
  }: { results?: Record<string, DeliveryResult>; inParts?: boolean; deps?: Partial<FanOutDeps> } = {},
) {
  const calls: string[] = []
  const requests: SinkRequest[] = []
  const enqueued: Enqueued[] = []
  const changes: Record<string, unknown>[] = []
  const recorded: unknown[] = []
  const offered: ConsumerWrite[] = []
  const ages: (number | undefined)[] = []
  const disabled: string[] = []
  const sink = {
    async deliver(request: SinkRequest): Promise<DeliveryResult> {
      calls.push(`deliver ${request.subscription.name}`)
      requests.push(request)
      return results[request.subscription.name] ?? { outcome: 'delivered' }
    },
  }
  const counts: Record<string, number> = {}
  const run = createFanOut({
    statistics: { count: (what, by = 1) => void (counts[what] = (counts[what] ?? 0) + by) },
    onDead: () => undefined,
    onAttempt: () => undefined,
    subscriptions: {
      async all(maxAgeMs) {
        ages.push(maxAgeMs)
        return subscriptions
      },
      get: async (name) => subscriptions.find((one) => one.name === name),
      disable: async (name) => disabled.push(name) > 0,
    },
    events: {
      async record(event, receivedAtMs, names, { writes = [] } = {}) {
        calls.push('record')
        recorded.push([event.id, receivedAtMs, names])
        offered.push(...writes)
        const taken = writes.filter((one) => !(inParts && 'queue' in one)).map(({ subscription: name }) => name)
        return taken.filter((name) => results[name] === undefined)
      },
      deliveryChanged: async ({ id }, name, change) =>
        void changes.push({ eventId: id, subscription: name, ...change }),
    },
    sinks: { queue: sink, stream: sink, webhook: sink },
    directCalls: { enter: () => undefined, observe: () => {} },
    health: { ...HEALTH, isOpen: () => false },
    onDisabled: async () => {},
    replies: { offer: async () => 'accepted' },
    claims: { claim: async () => true, ended: async () => {} },
    lateCalls: { mayLeave: () => true, signal: stop, follow: () => {} },
    async enqueueDelivery(job, options) {
      calls.push(`enqueue ${job.subscription}`)
      enqueued.push([job, options])
    },
    async takeBack(job) {
      calls.push(`take back ${job.subscription}`)
    },
    ordered: {
      async enqueue({ name }, deliveries) {
        calls.push(`enqueue in order ${name}`)
        for (const job of deliveries) enqueued.push([job, undefined])
      },
      leave: async ({ name }) => void calls.push(`leave the order ${name}`),
    },
    callSlots: createDispatchSlots(75),
    clock: { nowMs: () => NOW },
    random: () => 0.5,
    log: { debug() {}, info() {}, warn() {}, error() {} },
    ...deps,
  })
  const fanOut = (changed: Partial<FanOutJob> = {}, options: Partial<FanOutOptions> = {}) =>
    run(
      { v: 1, kind: 'fan-out', event: textEvent(), receivedAtMs: NOW - 7, ...changed },
      { stop, mayCall: true, ...options },
    )
  return { fanOut, calls, requests, enqueued, changes, recorded, offered, ages, disabled, counts }
}

const storeAway = () => Promise.reject(new Error('store away'))
const sinksOf = (deliver: FanOutDeps['sinks']['queue']['deliver']) => ({
  queue: { deliver },
  stream: { deliver },
  webhook: { deliver },
})
const rejected = (status: number) =>
  ({ outcome: 'rejected', status, gone: status === 410, retryAfterSeconds: undefined }) as const
const unavailable = rejected(503)
const nameOf = ({ subscription: { name } }: SinkRequest) => name
const namesOf = (jobs: readonly Enqueued[]) => jobs.map(([{ subscription: name }]) => name).toSorted()

void t.test('queues and streams are served with the record, webhooks by their own queue', async (t) => {
  const { fanOut, requests, enqueued, changes, recorded, offered, counts } = setUp([QUEUE, STREAM, WEBHOOK])
  t.same(await fanOut(), { delivered: 2, enqueued: 1 })
  t.same(counts, { delivered: 2 }, 'for the statistics')
  t.same(recorded, [['ev-1', NOW - 7, ['a-queue', 'b-stream', 'c-webhook']]])
  t.same(offered, [
    { subscription: 'a-queue', queue: '{wx-queue.open1.a-queue}' },
    { subscription: 'b-stream', stream: 's', maxLength: undefined },
  ])
  t.same(requests, [])
  const about = { platform: 'open1', subscription: 'c-webhook', subscribedAtMs: 0, deliveryId: 'ev-1' }
  const job = { v: 1, kind: 'deliver', ...about, event: textEvent(), receivedAtMs: NOW - 7, scheduleSeconds: [1] }
  t.same(enqueued, [[job, undefined]])
  t.same(changes, [])
})

void t.test('a queue that took nothing with the record is served right after', async (t) => {
  const { fanOut, requests, changes } = setUp([QUEUE, STREAM], { inParts: true })
  t.same(await fanOut(), { delivered: 2, enqueued: 0 })
  t.match(requests, [{ subscription: { name: 'a-queue' }, deliveryId: 'ev-1', body: JSON.stringify(textEvent()) }])
  t.equal(requests.length, 1)
  t.match(changes, [{ eventId: 'ev-1', subscription: 'a-queue', status: 'delivered', attempts: 1, deliveredAtMs: NOW }])
})

void t.test('the event is on record before anybody gets it', async (t) => {
  const { fanOut, calls } = setUp([QUEUE, WEBHOOK])
  await fanOut()
  t.equal(calls[0], 'record')
  const broken = setUp([QUEUE, WEBHOOK], { deps: { events: { record: storeAway, deliveryChanged: async () => {} } } })
  await t.rejects(broken.fanOut(), { message: 'store away' })
  t.same(broken.calls, [])
})

void t.test('an event that nobody wants is recorded all the same', async (t) => {
  const { fanOut, recorded } = setUp([subscription('off', { enabled: false })])
  t.same(await fanOut(), { delivered: 0, enqueued: 0 })
  t.same(recorded, [['ev-1', NOW - 7, []]])
})

void t.test('a test event goes to its subscription alone, whatever that matches, unless it is disabled', async (t) => {
  const picky = subscription('picky', { match: { authorizers: [], types: [] } })
  const { fanOut, offered } = setUp([QUEUE, picky, subscription('off', { enabled: false })])
  await fanOut({ only: 'picky' })
  await fanOut({ only: 'off' })
  await fanOut({ only: 'unknown' })
  t.same(pluck(offered, 'subscription'), ['picky'])
})

void t.test('a replay is a delivery of its own with the same event, pending anew', async (t) => {
  const { fanOut, requests, enqueued, changes, offered } = setUp([QUEUE, STREAM, WEBHOOK])
  await fanOut({ replay: 'r1' })
  t.same(pluck(requests, 'deliveryId'), ['ev-1.r1', 'ev-1.r1'])
  t.same(offered, [])
  t.match(enqueued, [[{ deliveryId: 'ev-1.r1', event: { id: 'ev-1' } }]])
  const pending = changes.filter((change) => change['status'] === 'pending').map((change) => change['subscription'])
  t.same(pending, ['a-queue', 'b-stream', 'c-webhook'])
})

void t.test('only the subscription that the push waits for is told until when', async (t) => {
  const reply = { subscription: 'c-webhook', deadlineAtMs: NOW + 3_000 }
  const { fanOut, enqueued } = setUp([QUEUE, WEBHOOK])
  await fanOut({ reply })
  t.match(enqueued, [[{ reply: { deadlineAtMs: NOW + 3_000 } }]])
})

void t.test('what a queue or a stream does not take goes by its own queue, the attempt counted', async (t) => {
  const results = { 'b-stream': { outcome: 'unreachable', reason: 'NOPERM' } as const }
  const { fanOut, enqueued, changes } = setUp([QUEUE, STREAM], { results })
  t.same(await fanOut(), { delivered: 1, enqueued: 1 })
  t.match(enqueued, [[{ subscription: 'b-stream' }, { delayMs: 5_500, attemptsMade: 1, lastError: 'NOPERM' }]])
  const change = changes.find(({ subscription: name }) => name === 'b-stream')
  t.match(change, { status: 'retrying', attempts: 1, lastError: 'NOPERM' })
})

function calling(seen: ObservedAttempt[] = []): Partial<FanOutDeps> {
  return { directCalls: { enter: () => (attempt) => void seen.push(attempt), observe: () => {} } }
}

void t.test('a webhook that answers quickly is called at once, without a job of its own', async (t) => {
  const seen: ObservedAttempt[] = []
  const { fanOut, requests, enqueued, changes } = setUp([WEBHOOK], { deps: calling(seen) })
  t.same(await fanOut(), { delivered: 1, enqueued: 0 })
  t.match(requests, [{ subscription: { name: 'c-webhook' }, deliveryId: 'ev-1' }])
  t.same(enqueued, [])
  t.match(changes, [
    { eventId: 'ev-1', subscription: 'c-webhook', status: 'delivered', attempts: 1, deliveredAtMs: NOW },
  ])
  t.same(seen, [{ delivered: true, durationMs: 0 }])
})

void t.test('a call that failed counts, and its queue goes on with the schedule', async (t) => {
  const seen: ObservedAttempt[] = []
  const { fanOut, enqueued, changes } = setUp([WEBHOOK], { results: { 'c-webhook': unavailable }, deps: calling(seen) })
  t.same(await fanOut(), { delivered: 0, enqueued: 1 })
  t.match(enqueued, [[{ subscription: 'c-webhook' }, { delayMs: 1_100, attemptsMade: 1, lastError: 'HTTP 503' }]])
  t.match(changes, [{ status: 'retrying', attempts: 1, lastError: 'HTTP 503' }])
  t.match(seen, [{ delivered: false }])
})

void t.test('who is gone is disabled, and the event stands in the dead letters', async (t) => {
  const { fanOut, enqueued, changes, disabled } = setUp([WEBHOOK], {
    results: { 'c-webhook': rejected(410) },
    deps: calling(),
  })
  t.same(await fanOut(), { delivered: 0, enqueued: 1 })
  t.same(disabled, ['c-webhook'])
  t.match(enqueued, [[{ subscription: 'c-webhook' }, { isFinal: true, attemptsMade: 1, lastError: 'HTTP 410' }]])
  t.match(changes, [{ status: 'dead', attempts: 1, lastError: 'HTTP 410' }])
})

void t.test('what is no fault of the consumer goes to the queue uncounted', async (t) => {
  const seen: ObservedAttempt[] = []
  const sinks = sinksOf(storeAway)
  const { fanOut, enqueued, changes } = setUp([WEBHOOK], { deps: { sinks, ...calling(seen) } })
  t.same(await fanOut(), { delivered: 0, enqueued: 1 })
  t.match(enqueued, [[{ subscription: 'c-webhook' }, undefined]])
  t.same(changes, [])
  t.match(seen, [{ delivered: false }])
})

/** A webhook that is being called while `meanwhile` becomes of its subscription. */
function calledWhile(meanwhile: Subscription | undefined, answer: () => Promise<DeliveryResult>) {
  const subscriptions = { all: async () => [WEBHOOK], get: async () => meanwhile, disable: async () => false }
  return setUp([WEBHOOK], { deps: { subscriptions, sinks: sinksOf(answer), ...calling() } })
}
for (const [what, later] of [
  ['deleted', undefined],
  ['deleted and made anew', { ...WEBHOOK, createdAtMs: 1 }],
] as const) {
  void t.test(`a subscription that was ${what} while its webhook was called gets no queue again`, async (t) => {
    const failed = calledWhile(later, async () => unavailable)
    t.same(await failed.fanOut(), { delivered: 0, enqueued: 0 })
    t.match(failed.changes, [{ subscription: 'c-webhook', status: 'discarded', attempts: 1 }])
    const ending = new AbortController()
    const cutOff = calledWhile(later, () => {
      ending.abort()
      return new Promise(() => {})
    })
    t.same(await cutOff.fanOut({}, { stop: ending.signal }), { delivered: 0, enqueued: 0 })
    t.match(cutOff.changes, [{ subscription: 'c-webhook', status: 'discarded', attempts: 0 }])
    for (const { enqueued } of [failed, cutOff]) t.same(enqueued, [])
  })
}

void t.test('a subscription disabled during its call gets no further attempt', async (t) => {
  const { fanOut, enqueued, changes } = calledWhile({ ...WEBHOOK, enabled: false }, async () => unavailable)
  t.same(await fanOut(), { delivered: 0, enqueued: 1 })
  t.match(enqueued, [
    [{ subscription: 'c-webhook' }, { isFinal: true, attemptsMade: 1, lastError: 'subscription disabled' }],
  ])
  t.match(changes, [{ status: 'dead', attempts: 1, lastError: 'subscription disabled' }])
})

void t.test('a call that is cut off counts for nothing, and is made again from the queue', async (t) => {
  const ending = new AbortController()
  const { fanOut, enqueued, changes } = calledWhile(WEBHOOK, () => {
    ending.abort()
    return new Promise(() => {})
  })
  t.same(await fanOut({}, { stop: ending.signal }), { delivered: 0, enqueued: 1 })
  t.match(enqueued, [[{ subscription: 'c-webhook' }, undefined]])
  t.same(changes, [])
})

void t.test('a replay, a consumer that may answer, and what is not allowed to take long go by the queue', async (t) => {
  const deps = calling()
  const replying = setUp([{ ...WEBHOOK, reply: true }], { deps })
  await replying.fanOut()
  const replayed = setUp([WEBHOOK], { deps })
  await replayed.fanOut({ replay: 'r1' })
  const brief = setUp([WEBHOOK], { deps })
  await brief.fanOut({}, { mayCall: false })
  for (const { enqueued, requests } of [replying, replayed, brief]) t.same([enqueued.length, requests.length], [1, 0])
})

void t.test('whom the event log knows to have it is not served again by another process', async (t) => {
  const events = { record: async () => ['a-queue', 'c-webhook'], deliveryChanged: async () => {} }
  const { fanOut, requests, enqueued } = setUp([QUEUE, STREAM, WEBHOOK], { deps: { events } })
  t.same(await fanOut(), { delivered: 3, enqueued: 0 })
  t.same(requests.map(nameOf), ['b-stream'])
  t.same(enqueued, [])
  t.same(await fanOut({ replay: 'r1' }), { delivered: 2, enqueued: 1 })
})

void t.test('a process that ends gives queues and streams nothing more itself', async (t) => {
  const { fanOut, offered, enqueued } = setUp([QUEUE, STREAM])
  t.same(await fanOut({}, { stop: AbortSignal.abort() }), { delivered: 0, enqueued: 2 })
  t.same(offered, [])
  t.match(enqueued, [
    [{ subscription: 'a-queue' }, undefined],
    [{ subscription: 'b-stream' }, undefined],
  ])
})

void t.test('without a schedule it goes there to stand in the dead letters', async (t) => {
  const once = { ...QUEUE, retry: { scheduleSeconds: [] } }
  const results = { 'a-queue': { outcome: 'unreachable', reason: 'NOPERM' } as const }
  const { fanOut, enqueued, changes } = setUp([once], { results })
  await fanOut()
  t.match(enqueued, [[{ scheduleSeconds: [] }, { isFinal: true, attemptsMade: 1, lastError: 'NOPERM' }]])
  t.match(changes, [{ status: 'dead', attempts: 1 }])
})

void t.test('one that cannot be enqueued fails the job after all others were served', async (t) => {
  const enqueued: string[] = []
  const { fanOut, requests } = setUp([QUEUE, WEBHOOK, { ...WEBHOOK, name: 'd-webhook' }], {
    inParts: true,
    deps: {
      async enqueueDelivery({ subscription: name }) {
        if (name === 'c-webhook') throw new Error('store away')
        enqueued.push(name)
      },
    },
  })
  await t.rejects(fanOut(), { message: 'store away' })
  t.equal(requests.length, 1)
  t.same(enqueued, ['d-webhook'])
})

void t.test('running a failed job again serves only those that were not served', async (t) => {
  let away = true
  const enqueued: string[] = []
  const { fanOut, requests } = setUp([QUEUE, STREAM, WEBHOOK], {
    inParts: true,
    deps: {
      async enqueueDelivery({ subscription: name }) {
        if (away) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
        enqueued.push(name)
      },
    },
  })
  await t.rejects(fanOut(), { code: 'STORE_UNAVAILABLE' })
  await t.rejects(fanOut(), { code: 'STORE_UNAVAILABLE' })
  away = false
  await fanOut()
  t.same(requests.map(nameOf), ['a-queue'])
  t.same(enqueued, ['c-webhook'])
  await fanOut({ replay: 'r1' })
  t.equal(requests.length, 3)
})

void t.test('of several failures the one that may pass decides whether the job is run again', async (t) => {
  const { fanOut } = setUp([WEBHOOK, { ...WEBHOOK, name: 'd-webhook' }], {
    deps: {
      enqueueDelivery: async ({ subscription: name }) => {
        throw name === 'd-webhook'
          ? new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
          : new GatewayError('INTERNAL', 'refused')
      },
    },
  })
  await t.rejects(fanOut(), { code: 'STORE_UNAVAILABLE' })
})

void t.test('a sink that throws stops nobody else, and no attempt is counted', async (t) => {
  const { fanOut, enqueued } = setUp([QUEUE, WEBHOOK], { inParts: true, deps: { sinks: sinksOf(storeAway) } })
  t.same(await fanOut(), { delivered: 0, enqueued: 2 })
  t.same(namesOf(enqueued), ['a-queue', 'c-webhook'])
  t.ok(enqueued.every(([, options]) => options === undefined))
})

void t.test('a note that the event log does not take makes nothing be delivered again', async (t) => {
  const { fanOut } = setUp([QUEUE], { deps: { events: { record: async () => [], deliveryChanged: storeAway } } })
  t.same(await fanOut(), { delivered: 1, enqueued: 0 })
})

void t.test('the list of subscriptions is younger than the event, and at most 100 ms old', async (t) => {
  const { fanOut, ages } = setUp([])
  await fanOut({ receivedAtMs: NOW - 7 })
  await fanOut({ receivedAtMs: NOW - 60_000 })
  await fanOut({ receivedAtMs: NOW + 500 })
  await fanOut({ receivedAtMs: NOW - 60_000, replay: 'r1' })
  await fanOut({ receivedAtMs: NOW - 60_000, only: 'crm' })
  t.same(ages, [7, 100, 0, 0, 0])
})

void t.test('an event that another arrival has is left alone, and one that was dispatched is ended', async (t) => {
  const ended: unknown[] = []
  let duplicates = 0
  const arrivals = (isOurs: boolean): Partial<FanOutDeps> => ({
    claims: {
      claim: async () => isOurs,
      ended: async ({ event, arrival }) => void ended.push({ eventId: event.id, arrival }),
    },
    onDuplicate: () => void (duplicates += 1),
  })
  const another = setUp([QUEUE, WEBHOOK], { deps: arrivals(false) })
  await another.fanOut({}, { claim: { arrival: 'j:0' } })
  t.same([another.calls, ended, duplicates], [[], [], 1])
  const ours = setUp([QUEUE, WEBHOOK], { deps: arrivals(true) })
  await ours.fanOut({}, { claim: { arrival: 'j:0' } })
  t.same([ours.recorded.length, ended, duplicates], [1, [{ eventId: 'ev-1', arrival: 'j:0' }], 1])
  await setUp([QUEUE], { deps: arrivals(false) }).fanOut()
  t.equal(duplicates, 1, 'what nobody pushed is not asked about')
  const claim = { arrival: 'j:0', lifeMs: 1, unlessLogged: false }
  const seen: unknown[] = []
  const byRecord: Partial<FanOutDeps> = {
    claims: { claim: async () => claim, ended: async () => void seen.push('ended') },
    events: {
      record: async (_event, _receivedAtMs, _names, options) => void seen.push(options?.claim),
      deliveryChanged: async () => void seen.push('changed'),
    },
    onDuplicate: () => void (duplicates += 1),
    onUnsubscribed: () => void seen.push('unsubscribed'),
  }
  const { fanOut, calls } = setUp([WEBHOOK], { deps: byRecord })
  t.same(await fanOut({}, { claim: { arrival: 'j:0' } }), { delivered: 0, enqueued: 0 })
  t.same([calls, seen, duplicates], [[], [claim], 2], 'the record finds that another arrival has it')
})

/** A webhook that answers when it is told to, called by a job that does not wait long. */
function hanging(deps: Partial<FanOutDeps> = {}) {
  let answer = (_result: DeliveryResult) => {}
  const answered = new Promise<DeliveryResult>((resolve) => (answer = resolve))
  const ends: Promise<void>[] = []
  const late = { mayLeave: () => true, signal: stop, follow: (end: Promise<void>) => void ends.push(end) }
  const sinks = sinksOf(() => answered)
  const { fanOut, ...seen } = setUp([WEBHOOK], {
    deps: { sinks, lateCalls: late, callHoldsJobMs: 1, ...calling(), ...deps },
  })
  return { ...seen, fanOut, answer, ended: () => Promise.all(ends) }
}

void t.test('a hanging call frees its job: its delivery waits in the queue and is taken back later', async (t) => {
  const { fanOut, answer, ended, enqueued, changes, calls } = hanging()
  t.same(await fanOut(), { delivered: 0, enqueued: 1 })
  t.match(enqueued, [[{ subscription: 'c-webhook', deliveryId: 'ev-1' }, { delayMs: 12_000 }]])
  t.same(changes, [])
  answer({ outcome: 'delivered' })
  await ended()
  t.same(calls, ['record', 'enqueue c-webhook', 'take back c-webhook'])
  t.match(changes, [{ status: 'delivered', attempts: 1 }])
})

void t.test('a late call that fails is counted in the delivery that waits', async (t) => {
  const { fanOut, answer, ended, enqueued, changes } = hanging()
  await fanOut()
  answer(unavailable)
  await ended()
  t.match(enqueued[1], [
    { deliveryId: 'ev-1' },
    { isHeld: true, delayMs: 1_100, attemptsMade: 1, lastError: 'HTTP 503' },
  ])
  t.match(changes, [{ status: 'retrying', attempts: 1 }])
})

void t.test('a job waits for its late call when the store is away or the process ends', async (t) => {
  const away = hanging({ enqueueDelivery: storeAway })
  const ending = hanging({ lateCalls: { mayLeave: () => false, signal: stop, follow: () => {} } })
  for (const { fanOut, answer, calls } of [away, ending]) {
    const run = fanOut()
    setTimeout(answer, 20, { outcome: 'delivered' })
    t.same(await run, { delivered: 1, enqueued: 0 })
    t.same(calls, ['record'])
  }
})

void t.test('a paused or throttled subscription gets deliveries from its queue alone', async (t) => {
  for (const held of [{ paused: true }, { throttle: { perSecond: 5 } }]) {
    const all = [QUEUE, STREAM, WEBHOOK].map((one) => ({ ...one, ...held }))
    const deps = { directCalls: { enter: () => () => {}, observe: () => {} } }
    const { fanOut, requests, enqueued, offered, recorded } = setUp(all, { deps })
    t.same(await fanOut(), { delivered: 0, enqueued: 3 }, JSON.stringify(held))
    t.same([requests, offered], [[], []])
    t.match(recorded, [['ev-1', NOW - 7, ['a-queue', 'b-stream', 'c-webhook']]])
    t.same(namesOf(enqueued), ['a-queue', 'b-stream', 'c-webhook'])
  }
})
