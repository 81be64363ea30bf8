// Owns: that the events of one job do not depend on each other.
import type { FanOutJob } from '@wxgw/contracts'
import type { JobContext, RequeuedEntry } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import { createDispatchSlots, fanOutBatchHandler, type FanOutOptions } from '@wxgw/worker'
import t from 'tap'
import { pluck } from '../../../helpers/pluck.ts'
import { until } from '../../../helpers/until.ts'
import { textEvent } from '../delivery-fixtures.ts'

const entry = (id: string, changes: object = {}) => ({ event: textEvent(id), receivedAtMs: 5, ...changes })

const { signal } = new AbortController()
const CONTEXT: JobContext = { jobId: 'j1x3', attempt: 1, attemptsLeft: 9, isFirstRun: true, isAfterKill: false, signal }

/** Of a worker with so many slots, of which `fanOut` does what the events are for. */
function handlerOf(fanOut: (job: FanOutJob) => Promise<void>, slots = createDispatchSlots(75)) {
  const handle = fanOutBatchHandler({
    queue: '{wx-messages.0}',
    fanOutOf: () => async (job) => {
      await fanOut(job)
      return { delivered: 0, enqueued: 0 }
    },
    requeue: { addEach: async () => {}, addTogether: async () => {} },
    slots,
    nowMs: Date.now,
    log: { error() {} },
  })
  return (events: unknown[]) => handle({ v: 2, kind: 'fan-out-batch', events }, CONTEXT)
}

type Added = RequeuedEntry & { delayMs?: number | undefined }

function setUp({
  failing = [],
  away = [],
  addEach,
}: { failing?: string[]; away?: string[]; addEach?: () => Promise<void> } = {}) {
  const order: string[] = []
  const claims: FanOutOptions['claim'][] = []
  const added: Added[] = []
  const together: Array<{ arrivals: string[]; delayMs: number }> = []
  const errors: string[] = []
  const handle = fanOutBatchHandler({
    fanOutOf: (platform) =>
      platform === 'open1'
        ? async ({ event }: FanOutJob, { claim }: FanOutOptions) => {
            order.push(event.id)
            claims.push(claim)
            if (failing.includes(event.id)) throw new GatewayError('INTERNAL', 'a fault', { retry: true })
            if (away.includes(event.id)) throw new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })
            return { delivered: 0, enqueued: 0 }
          }
        : undefined,
    queue: '{wx-messages.3}',
    requeue: {
      async addEach(queue, entries) {
        if (addEach) await addEach()
        t.equal(queue, '{wx-messages.3}')
        order.push('added')
        added.push(...entries)
      },
      async addTogether(queue, entries, delayMs) {
        t.equal(queue, '{wx-messages.3}')
        together.push({ arrivals: entries.map(({ arrival }) => arrival), delayMs })
      },
    },
    slots: createDispatchSlots(75),
    nowMs: () => 20_005,
    log: { error: (_fields, message) => void errors.push(message) },
  })
  const run = (events: unknown[], changes: Partial<JobContext> = {}) =>
    handle({ v: 2, kind: 'fan-out-batch', events }, { ...CONTEXT, ...changes })
  return { run, order, claims, added, together, errors }
}

void t.test('each event is claimed by its job and its place there', async (t) => {
  const { run, claims, added } = setUp()
  t.same(await run([entry('ev_a'), entry('ev_b', { isOld: true }), entry('ev_c', { arrival: 'j0x2:1' })]), {
    kind: 'done',
  })
  t.same(claims, [
    { arrival: 'j1x3:0', isOld: undefined },
    { arrival: 'j1x3:1', isOld: true },
    { arrival: 'j0x2:1', isOld: undefined },
  ])
  t.same(added, [])
})

void t.test('failed or unreadable messages become jobs of their own before the batch ends', async (t) => {
  const { run, order, added } = setUp({ failing: ['ev_b'] })
  const strange = [
    null,
    'x',
    {},
    { event: {} },
    { ...entry('ev_x'), receivedAtMs: 'y' },
    entry('ev_elsewhere', { event: textEvent('ev_elsewhere', { platform: 'gone' }) }),
  ]
  t.same(await run([entry('ev_a'), entry('ev_b'), ...strange, entry('ev_c')]), { kind: 'done' })
  t.same(order, ['ev_a', 'ev_b', 'ev_c', 'added'])
  t.same(
    pluck(added, 'arrival'),
    [1, 2, 3, 4, 5, 6, 7].map((at) => `j1x3:${at}`),
  )
  t.same(pluck(added, 'delayMs'), [1_000, undefined, undefined, undefined, undefined, undefined, 1_000])
})

void t.test('a job that is started for the second time runs none of its events', async (t) => {
  const { run, order, added } = setUp()
  t.same(await run([entry('ev_a'), entry('ev_b')], { isFirstRun: false }), { kind: 'done' })
  t.same(order, ['added'])
  t.same(added, [
    { entry: entry('ev_a'), arrival: 'j1x3:0' },
    { entry: entry('ev_b'), arrival: 'j1x3:1' },
  ])
})

void t.test("one event alone is run as often as its job is, and its outcome is the job's", async (t) => {
  const { run, order } = setUp({ failing: ['ev_b'] })
  t.same(await run([entry('ev_a')], { isFirstRun: false }), { kind: 'done' })
  await t.rejects(run([entry('ev_b')]), { code: 'INTERNAL' })
  t.same(order, ['ev_a', 'ev_b'])
})

void t.test('what the store did not answer goes on together, later the older it is, and costs no other', async (t) => {
  const { run, added, together } = setUp({ failing: ['ev_c'], away: ['ev_a', 'ev_d'] })
  t.same(await run([entry('ev_a'), entry('ev_b'), entry('ev_c'), entry('ev_d')]), { kind: 'done' })
  t.same(pluck(added, 'arrival'), ['j1x3:2'])
  t.same(together, [{ arrivals: ['j1x3:0', 'j1x3:3'], delayMs: 5_000 }])
  const since = async (receivedAtMs: number) => {
    const { run: again, together: left } = setUp({ away: ['ev_a', 'ev_b'] })
    await again([entry('ev_a', { receivedAtMs }), entry('ev_b', { receivedAtMs })])
    return left[0]?.delayMs
  }
  t.same([await since(20_004), await since(-1_000_000)], [1_000, 10_000])
})

void t.test('a push that waits for its answer is dispatched at once, however much is under way', async (t) => {
  const reply = { subscription: 'crm', deadlineAtMs: 9 }
  const seen: FanOutJob[] = []
  const slots = createDispatchSlots(1)
  await slots.enter(1)
  const handle = handlerOf(async (job) => void seen.push(job), slots)
  t.same(await handle([entry('ev_a', { reply })]), { kind: 'done' })
  t.match(seen, [{ kind: 'fan-out', event: { id: 'ev_a' }, reply }])
})

void t.test('what has to wait for slots begins in lots', async (t) => {
  const slots = createDispatchSlots(4, { lot: 3 })
  await slots.enter(4)
  const begun: number[] = []
  const waiting = [1, 2, 3].map(async (number) => {
    await slots.enter(1)
    begun.push(number)
  })
  for (const left of [1, 2, 3]) {
    slots.leave()
    await Promise.resolve()
    await Promise.resolve()
    t.same(begun, left < 3 ? [] : [1, 2, 3], `${left} have left`)
  }
  await Promise.all(waiting)
})

void t.test('one alone that cannot be read is dead', async (t) => {
  const { run, errors } = setUp()
  t.match(await run([{ event: 1 }]), { kind: 'dead', error: { code: 'INTERNAL' } })
  t.same(errors, ['message.unreadable'])
})

void t.test('a job that cannot hand on what failed does not end', async (t) => {
  const away = () => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true }))
  const { run } = setUp({ failing: ['ev_b'], addEach: away })
  await t.rejects(run([entry('ev_a'), entry('ev_b')]), { code: 'STORE_UNAVAILABLE' })
})

void t.test('full batches run as many at once as a webhook has slots; small ones more', async (t) => {
  for (const [size, atOnce] of [
    [25, 3],
    [1, 60],
    [400, 1],
  ] as const) {
    let running = 0
    let most = 0
    const ends: Array<() => void> = []
    const handle = handlerOf(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>((end) => ends.push(end))
      running -= 1
    })
    const events = Array.from({ length: size }, (_, index) => entry(`ev_${index}`))
    const jobs = Promise.all(Array.from({ length: 60 }, () => handle(events)))
    for (let ended = 0; ended < 60 * size; ended += 1) {
      await until('one is running', () => ends.length > 0)
      ends.shift()?.()
    }
    await jobs
    t.equal(most, atOnce * size, `jobs of ${size}`)
  }
})
