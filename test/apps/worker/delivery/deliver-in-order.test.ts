// Owns: for how long a failing delivery holds its key, and who is attempted at all. The order itself is test/flows/ordering.test.ts'.
import type { HoldingClock } from '@wxgw/redis'
import { createDeliverInOrder, type DeliveryOutcome } from '@wxgw/worker'
import t from 'tap'
import { subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const STARTED_MS = 1_000_000
const SECOND = 1_000

function setUp({ isFirst = true, outcomes = [] as DeliveryOutcome[], updatedAtMs = 0 } = {}) {
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
    wake: () => void calls.push('wake'),
    events: {
      deliveryChanged: async (_event, _name, { status, attempts, lastError }) =>
        void calls.push(`${status} ${attempts} ${lastError}`),
    },
    statistics: { count: () => undefined },
    onDead: () => undefined,
    clock: { nowMs: () => nowMs },
    log: { warn: () => undefined },
  })
  const event = textEvent('ev_1')
  const job = {
    v: 1,
    kind: 'deliver',
    platform: 'open1',
    subscription: 'crm',
    event,
    receivedAtMs: 0,
    deliveryId: 'ev_1',
    scheduleSeconds: [],
  } as const
  return {
    calls,
    attempt: (number = 1) => deliver({ ...job, scheduleSeconds: [] }, { number, signal: new AbortController().signal }),
    advance: (ms: number) => (nowMs += ms),
    setOpen: (open: boolean) => (isOpen = open),
  }
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
    t.same(first.calls, ['deliver', 'leave', 'wake'])
  }
})

void t.test('a failing delivery is retried when due, and dead when its time is over', async (t) => {
  const { calls, attempt, advance } = setUp({ outcomes: [retry(5 * SECOND), retry(300 * SECOND)] })
  t.match(await attempt(), { kind: 'retry', delayMs: 5 * SECOND })
  advance(5 * SECOND)
  t.match(await attempt(2), { kind: 'retry', delayMs: 55 * SECOND })
  advance(55 * SECOND)
  t.match(await attempt(3), { kind: 'dead', attempts: 2, error: 'orderingTimeoutSeconds are over: HTTP 500' })
  t.same(calls, ['deliver', 'deliver', 'dead 2 orderingTimeoutSeconds are over: HTTP 500', 'leave', 'wake'])
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
