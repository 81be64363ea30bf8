// Owns: which first deliveries of an ordered subscription are made at once, and which go into the order.
import type { DeliveryJob, DeliveryResult, Subscription } from '@wxgw/contracts'
import type { EnqueueOptions, JoinedPlace } from '@wxgw/redis'
import { type CallsUnderWay, createDirectCalls, createDispatchSlots, createOrderedDeliveries } from '@wxgw/worker'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { deliveryOf, HEALTH, subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const ordered = subscription('crm', { ordering: 'subject' })
const webhook = subscription('crm', {
  ordering: 'subject',
  sink: webhookSink('https://crm.example/hook'),
  retry: { scheduleSeconds: [5, 300] },
})
const stop = new AbortController().signal
const DELIVERED: DeliveryResult = { outcome: 'delivered' }
const FAILED: DeliveryResult = { outcome: 'rejected', status: 500, gone: false, retryAfterSeconds: undefined }

type SetUp = {
  to?: Subscription
  /** Subjects of keys with a pending delivery. */
  busy?: string[]
  places?: Record<string, JoinedPlace>
  isOpen?: boolean
  refusal?: Error
  results?: Record<string, DeliveryResult | Promise<DeliveryResult>>
}

function setUp({ to = ordered, busy = [], places = {}, isOpen = false, refusal, results = {} }: SetUp = {}) {
  const calls: string[] = []
  const warnings: string[] = []
  const late: Promise<void>[] = []
  const underWay: CallsUnderWay = { count: 0 }
  const call = async ({ event }: { event: { id: string } }) => {
    calls.push(`call ${event.id}`)
    return results[event.id] ?? DELIVERED
  }
  const deliveries = createOrderedDeliveries({
    onAttempt: () => undefined,
    order: {
      occupied: async (_name, keys) => new Set(keys.filter((key) => busy.some((subject) => key.includes(subject)))),
      join: async (_name, joining) => {
        calls.push(`join ${joining.map(({ deliveryId }) => deliveryId).join(' ')}`)
        const keys = new Set<string>()
        return joining.map(({ key, deliveryId }) => {
          const place = places[deliveryId] ?? (keys.has(key) ? 'behind' : 'alone')
          keys.add(key)
          return place
        })
      },
      settle: async (_name, settled) =>
        void calls.push(`settle ${settled.map(({ deliveryId }) => deliveryId).join(' ')}`),
      hold: async (_name, id, { lastError }) => void calls.push(`hold ${id} ${lastError}`),
      leave: async (_name, { deliveryId }) => void calls.push(`leave ${deliveryId}`),
    },
    writer: {
      async writeInOrder(_sink, written) {
        if (refusal) throw refusal
        calls.push(`write ${written.map(({ deliveryId }) => deliveryId).join(' ')}`)
      },
    },
    sinks: { queue: { deliver: call }, stream: { deliver: call }, webhook: { deliver: call } },
    subscriptions: { all: async () => [to], get: async () => to, disable: async () => true },
    enqueueDelivery: async ({ deliveryId }, { delayMs = 0, attemptsMade = 0 }: EnqueueOptions = {}) =>
      void calls.push(`job ${deliveryId}${delayMs > 0 ? ' delayed' : ''}${attemptsMade > 0 ? ' attempted' : ''}`),
    takeBack: async ({ deliveryId }) => void calls.push(`take back ${deliveryId}`),
    health: { ...HEALTH, isOpen: () => isOpen },
    directCalls: createDirectCalls(underWay),
    callSlots: createDispatchSlots(75),
    callHoldsJobMs: 20,
    lateCalls: { mayLeave: () => true, signal: stop, follow: (end) => void late.push(end) },
    replies: { offer: async () => 'accepted' },
    events: {
      deliveryChanged: async ({ id }, _name, { status, attempts }) => void calls.push(`${status} ${attempts} ${id}`),
      recordInOrder: async (events) => events.map(() => []),
    },
    statistics: { count: (what, times) => void (times === undefined || calls.push(`count ${what} ${times}`)) },
    onDead: () => undefined,
    onDisabled: () => undefined,
    random: () => 0,
    clock: { nowMs: () => 1 },
    log: { debug() {}, info() {}, error() {}, warn: (_fields: object, message: string) => void warnings.push(message) },
  })
  async function dispatch(...jobs: DeliveryJob[]): Promise<void> {
    const mayWrite = await deliveries.findWritable(jobs.map(({ event }) => event))
    await deliveries.dispatch(to, jobs, { mayWrite, stop })
  }
  return { calls, warnings, late, dispatch }
}

function delivery(id: string, subject: string): DeliveryJob {
  return deliveryOf(textEvent(id, { subject }))
}

const three = [delivery('ev_1', 'oA'), delivery('ev_2', 'oB'), delivery('ev_3', 'oA')] as const

void t.test('what nothing is pending before is written in one step, in its order', async (t) => {
  const { calls, dispatch } = setUp()
  await dispatch(...three)
  t.same(calls, [
    'write ev_1 ev_2 ev_3',
    'count delivered 3',
    'delivered 1 ev_1',
    'delivered 1 ev_2',
    'delivered 1 ev_3',
  ])
})

void t.test('what something is pending before goes behind it, and holds up nobody else', async (t) => {
  const { calls, dispatch } = setUp({ busy: ['oA'], places: { ev_1: 'first' } })
  await dispatch(...three)
  t.same(calls, [
    ...['write ev_2', 'count delivered 1', 'delivered 1 ev_2'],
    ...['join ev_1 ev_3', 'job ev_1', 'job ev_3 delayed', 'settle ev_1 ev_3'],
  ])
})

void t.test('what the sink refuses goes into the order: its queue tries again', async (t) => {
  const refusals = [new Error('WRONGTYPE'), new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })]
  for (const [index, refusal] of refusals.entries()) {
    const { calls, warnings, dispatch } = setUp({ refusal })
    await dispatch(...three)
    t.same(calls, ['join ev_1 ev_2 ev_3', 'job ev_1', 'job ev_2', 'job ev_3 delayed', 'settle ev_1 ev_2 ev_3'])
    t.equal(warnings.length, index === 0 ? 1 : 0, 'readiness reports that Redis is away')
  }
})

void t.test('paused, throttled, replying, slow and broken subscriptions are served by their queue', async (t) => {
  const slow = { ...webhook, sink: webhookSink('https://crm.example/hook', 20_000) }
  const paused = { ...ordered, paused: true }
  for (const to of [paused, { ...webhook, paused: true }, { ...webhook, reply: true }, slow, webhook, ordered]) {
    const { calls, dispatch } = setUp({ to, isOpen: to === webhook || to === ordered })
    await dispatch(...three)
    t.same(calls, ['join ev_1 ev_2 ev_3', 'job ev_1', 'job ev_2', 'job ev_3 delayed', 'settle ev_1 ev_2 ev_3'])
  }
})

void t.test('a webhook is called for a key that is alone, its deliveries one after the other', async (t) => {
  const { calls, dispatch } = setUp({ to: webhook })
  await dispatch(...three)
  const ofA = calls.filter((call) => !call.endsWith('ev_2'))
  t.same(ofA, [
    ...['join ev_1 ev_2 ev_3', 'call ev_1', 'delivered 1 ev_1', 'call ev_3', 'delivered 1 ev_3'],
    ...['leave ev_1', 'leave ev_3'],
  ])
  const found = calls.filter((call) => call.endsWith(' ev_2'))
  t.same(found, ['call ev_2', 'delivered 1 ev_2', 'leave ev_2'])
})

void t.test('a key with a pending delivery or a job of an earlier run goes to the queue', async (t) => {
  for (const place of ['behind', 'first'] as const) {
    const { calls, dispatch } = setUp({ to: webhook, places: { ev_1: place } })
    await dispatch(...three)
    const found = calls.filter((call) => call.startsWith('call'))
    t.same(found, ['call ev_2'])
    const shown = calls.filter((call) => call.startsWith('job'))
    t.same(shown, [place === 'first' ? 'job ev_1' : 'job ev_1 delayed', 'job ev_3 delayed'])
  }
})

void t.test('a failed call holds its key: those behind wait until its retries end', async (t) => {
  const { calls, dispatch } = setUp({ to: webhook, results: { ev_1: FAILED } })
  await dispatch(...three)
  t.same(calls, [
    ...['join ev_1 ev_2 ev_3', 'call ev_1', 'retrying 1 ev_1', 'hold ev_1 HTTP 500', 'job ev_1 delayed attempted'],
    ...['job ev_3 delayed', 'settle ev_3'],
    // The first call has failed: the webhook gets no more.
    ...['job ev_2', 'settle ev_2'],
  ])
})

void t.test('a call that ends the schedule or the subscription lets its key go on at once', async (t) => {
  const gone: DeliveryResult = { outcome: 'rejected', status: 410, gone: true, retryAfterSeconds: undefined }
  const { calls, dispatch } = setUp({ to: webhook, results: { ev_1: gone } })
  await dispatch(...three)
  const found = calls.filter((call) => call.endsWith('ev_1') || call.startsWith('job ev_1'))
  t.same(found, ['call ev_1', 'dead 1 ev_1', 'job ev_1 attempted', 'leave ev_1'])
  const next = calls.indexOf('job ev_3 delayed')
  t.same(calls.slice(next, next + 2), ['job ev_3 delayed', 'settle ev_3'])
})

void t.test('a long call keeps its place in the queue, and leaves the order at its end', async (t) => {
  let answer: (result: DeliveryResult) => void = () => {}
  const slow = new Promise<DeliveryResult>((resolve) => (answer = resolve))
  const { calls, late, dispatch } = setUp({ to: webhook, results: { ev_1: slow } })
  await dispatch(...three)
  const found = calls.filter((call) => /ev_[13]$|ev_[13] /.test(call))
  t.same(found, ['join ev_1 ev_2 ev_3', 'call ev_1', 'job ev_1 delayed', 'job ev_3 delayed', 'settle ev_3'])
  answer(DELIVERED)
  await Promise.all(late)
  t.same(calls.slice(-3), ['delivered 1 ev_1', 'take back ev_1', 'leave ev_1'])
})
