// Owns: for how long a failing delivery holds its key, and who is attempted at all. The order itself is test/flows/ordering.test.ts'.
import type { DeliveryState } from '@wxgw/contracts'
import type { HoldingClock, LoggedEvent } from '@wxgw/redis'
import { createDeliverInOrder, type DeliveryOutcome } from '@wxgw/worker'
import t from 'tap'
import { deliveryOf, subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const STARTED_MS = 1_000_000
const SECOND = 1_000

type SetUp = { isFirst?: boolean; outcomes?: DeliveryOutcome[]; updatedAtMs?: number; state?: Partial<DeliveryState> }

function setUp({ isFirst = true, outcomes = [], updatedAtMs = 0, state = {} }: SetUp = {}) {
  const known = {
    ...subscription('crm', {
      sink: webhookSink('https://crm.example/hook'),
      ordering: 'subject',
      orderingTimeoutSeconds: 60,
    }),
    updatedAtMs,
  }
  let nowMs = STARTED_MS
  let isOpen = false
  let clock: HoldingClock | undefined
  const calls: string[] = []
  const deliver = createDeliverInOrder({
    subscriptions: { all: async () => [known] },
    health: { isOpen: () => isOpen },
    order: {
      enter: async () => ({ isFirst, clock }),
      hold: async (_name, _id, held) => void (clock = held),
      leave: async () => void calls.push('leave'),
    },
    deliver: async () => {
      calls.push('deliver')
      return outcomes.shift() ?? { kind: 'done', what: 'delivered' }
    },
    events: {
      deliveryChanged: async (_event, _name, { status, attempts, lastError }) =>
        void calls.push(`${status} ${attempts} ${lastError}`),
      get: async (id) => logged(id, { subscription: 'crm', ...PENDING, ...state }),
    },
    statistics: { count: () => undefined },
    onDead: () => undefined,
    clock: { nowMs: () => nowMs },
    log: { warn: () => undefined },
  })
  const job = deliveryOf(textEvent('ev_1'), { scheduleSeconds: [] })
  return {
    calls,
    attempt: (number = 1, isAfterKill = false) =>
      deliver(job, { jobId: 'ev_1', number, isAfterKill, signal: new AbortController().signal }),
    advance: (ms: number) => (nowMs += ms),
    setOpen: (open: boolean) => (isOpen = open),
  }
}

const PENDING = { status: 'pending', attempts: 0, lastError: null, deliveredAt: null } as const

function logged(id: string, ...deliveries: DeliveryState[]): LoggedEvent {
  const event = textEvent(id)
  const { type, source, time } = event
  return { id, type, source, subject: null, authorizerappid: null, time, receivedAt: time, event, deliveries }
}

const retry = (delayMs: number): DeliveryOutcome => ({ kind: 'retry', delayMs, error: 'HTTP 500' })

void t.test('one that is not the first is not attempted; one that has ended lets the next go on', async (t) => {
  const waiting = setUp({ isFirst: false })
  t.match(await waiting.attempt(), { kind: 'delay' })
  t.same(waiting.calls, [])
  for (const outcome of [
    { kind: 'done', what: 'delivered' },
    { kind: 'done', what: 'dropped' },
    { kind: 'dead', error: 'HTTP 400' },
  ] as const) {
    const first = setUp({ outcomes: [outcome] })
    t.same(await first.attempt(), outcome)
    t.same(first.calls, ['deliver', 'leave'])
  }
})

void t.test('a failing delivery is retried when due, and dead when its time is over', async (t) => {
  const { calls, attempt, advance } = setUp({ outcomes: [retry(5 * SECOND), retry(300 * SECOND)] })
  t.match(await attempt(), { kind: 'retry', delayMs: 5 * SECOND })
  advance(5 * SECOND)
  t.match(await attempt(2), { kind: 'retry', delayMs: 55 * SECOND })
  advance(55 * SECOND)
  t.match(await attempt(3), { kind: 'dead', attempts: 2, error: 'orderingTimeoutSeconds are over: HTTP 500' })
  t.same(calls, ['deliver', 'deliver', 'dead 2 orderingTimeoutSeconds are over: HTTP 500', 'leave'])
})

void t.test('what a killed worker has written as ended is not attempted again behind later ones', async (t) => {
  const dead = setUp({ state: { status: 'dead', attempts: 4, lastError: 'HTTP 500' } })
  t.same(await dead.attempt(4, true), { kind: 'dead', error: 'HTTP 500', attempts: 4 })
  const delivered = setUp({ state: { status: 'delivered', attempts: 1 } })
  t.same(await delivered.attempt(1, true), { kind: 'done', what: 'delivered' })
  for (const { calls } of [dead, delivered]) t.same(calls, ['leave'])
  const pending = setUp({ state: { status: 'retrying', attempts: 1 } })
  await pending.attempt(1, true)
  t.same(pending.calls, ['deliver', 'leave'])
})

void t.test('behind an open breaker the clock stands still', async (t) => {
  const { calls, attempt, advance, setOpen } = setUp({ outcomes: [retry(300 * SECOND)] })
  await attempt()
  setOpen(true)
  advance(60 * SECOND)
  t.match(await attempt(2), { kind: 'delay', delayMs: 60 * SECOND })
  setOpen(false)
  advance(60 * SECOND)
  t.match(await attempt(2), { kind: 'dead' })
  t.same(calls.filter((call) => call === 'deliver').length, 1)
})

void t.test('the time of a pause does not count', async (t) => {
  const { attempt, advance } = setUp({ outcomes: [retry(5 * SECOND)], updatedAtMs: STARTED_MS + 100 * SECOND })
  await attempt()
  advance(110 * SECOND)
  t.match(await attempt(2), { kind: 'done' })
})
