// Owns: the table from an attempt's result to what follows from it.
import type { DeliveryResult } from '@wxgw/contracts'
import { judgeAttempt, retryDelayMs } from '@wxgw/worker'
import t from 'tap'

const context = { attempt: 1, scheduleSeconds: [10, 60], random: () => 0 }

function rejected(status: number, retryAfterSeconds?: number): DeliveryResult {
  return { outcome: 'rejected', status, gone: status === 410, retryAfterSeconds }
}

void t.test('each result leads to done, again or dead, with a short text', async (t) => {
  t.same(judgeAttempt({ outcome: 'delivered' }, context), { kind: 'done' })
  t.same(judgeAttempt({ outcome: 'delivered', reply: { MsgType: 'text' } }, context), {
    kind: 'done',
    reply: { MsgType: 'text' },
  })
  t.same(judgeAttempt(rejected(500), context), { kind: 'retry', delayMs: 10_000, error: 'HTTP 500' })
  t.same(judgeAttempt(rejected(302), context), { kind: 'retry', delayMs: 10_000, error: 'HTTP 302' })
  t.same(judgeAttempt(rejected(410), context), { kind: 'dead', error: 'HTTP 410', disable: true })
  t.same(judgeAttempt({ outcome: 'unreachable', reason: 'timeout' }, context), {
    kind: 'retry',
    delayMs: 10_000,
    error: 'timeout',
  })
  const blocked = { kind: 'retry', delayMs: 10_000, error: 'blocked: private address' }
  t.same(judgeAttempt({ outcome: 'blocked', reason: 'private address' }, context), blocked)
})

void t.test('attempts are one more than the schedule is long', async (t) => {
  t.match(judgeAttempt(rejected(500), { ...context, attempt: 2 }), { kind: 'retry', delayMs: 60_000 })
  t.same(judgeAttempt(rejected(500), { ...context, attempt: 3 }), { kind: 'dead', error: 'HTTP 500', disable: false })
  t.match(judgeAttempt(rejected(500), { ...context, scheduleSeconds: [] }), { kind: 'dead' })
})

void t.test('jitter only adds, and at most 20 %', async (t) => {
  for (const random of [0, 0.1, 0.5, 0.999_999]) {
    const delayMs = retryDelayMs({ ...context, random: () => random })
    t.ok(delayMs !== undefined && delayMs >= 10_000 && delayMs <= 12_000, String(delayMs))
  }
  t.equal(retryDelayMs({ attempt: 1, scheduleSeconds: [0], random: () => 0.9 }), 0)
})

void t.test('Retry-After is obeyed between the delay and twice the delay', async (t) => {
  for (const [retryAfter, delayMs] of [
    [0, 10_000],
    [3, 10_000],
    [15, 15_000],
    [20, 20_000],
    [86_400, 20_000],
    [Number.MAX_SAFE_INTEGER, 20_000],
  ] as const) {
    t.match(judgeAttempt(rejected(429, retryAfter), context), { delayMs })
  }
  t.equal(retryDelayMs({ ...context, random: () => 0.999 }, 11), 11_998)
})
