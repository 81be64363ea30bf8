// Owns: the steps of a push between its route and the queue: memory, queue, or else the spool; and that no argument is lost there.
import { createEnqueuePush, createPushIntake, type Push, type PushIntakeDeps } from '@wxgw/ingress'
import { GatewayError, Secret } from '@wxgw/wechat-core'
import t from 'tap'
import { APPID_A, loggedEvent, NOW_MS, subscription } from './samples.ts'

const { event } = loggedEvent('ev_a')
const ABOUT = { v: 1, platform: 'open1', receivedAtMs: NOW_MS, made: NOW_MS - 1_000 } as const
const MESSAGE: Push = { ...ABOUT, kind: 'message', event, reply: { subscription: 'crm', deadlineAtMs: NOW_MS + 4_000 } }
const COMPONENT_EVENT: Push = { ...ABOUT, kind: 'component-event', eventId: 'ev_c', plaintext: '<xml/>' }
const CODE = new Secret('code')
const RELEASE_CHECK: Push = {
  ...ABOUT,
  kind: 'release-check',
  eventId: 'ev_r',
  appId: APPID_A,
  openId: 'oUSER',
  code: CODE,
}

const within = <T>(ask: () => Promise<T>) => ask()
const away = () => new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })

/** Records the steps of a push by name. */
function intakeWith(changes: Partial<PushIntakeDeps> = {}) {
  const steps: unknown[] = []
  const intake = createPushIntake({
    memory: { assertRoomFor: (kind) => void steps.push(`memory for ${kind}`) },
    enqueue: async ({ kind }) => {
      steps.push(`enqueue ${kind}`)
      return 'accepted'
    },
    recent: { note: ({ kind }) => void steps.push(`note ${kind}`) },
    unsubscribed: { note: (platform) => void steps.push(`unsubscribed at ${platform}`) },
    platforms: new Map([['open1', { subscriptions: { known: () => undefined, all: async () => [] } }]]),
    ...changes,
  })
  return { steps, accept: (push: Push) => intake.accept(push, within) }
}

function spoolWith(steps: unknown[], { isHolding = false, isPassable = true } = {}): PushIntakeDeps['spool'] {
  return {
    drainInto: () => undefined,
    isHolding: () => isHolding,
    isPassable: async () => isPassable,
    keep: async ({ kind }) => void steps.push(`keep ${kind}`),
  }
}

void t.test('a push is enqueued while there is memory, and then noted for the case that Redis loses it', async (t) => {
  const { steps, accept } = intakeWith()
  t.equal(await accept(MESSAGE), 'accepted')
  await accept(COMPONENT_EVENT)
  await accept(RELEASE_CHECK)
  t.same(steps, [
    'memory for messages',
    'enqueue message',
    'note message',
    'memory for control',
    'enqueue component-event',
    'note component-event',
    'memory for control',
    'enqueue release-check',
  ])
})

void t.test('a push that the store refuses is refused, and noted nowhere', async (t) => {
  const steps: unknown[] = []
  const { accept } = intakeWith({
    enqueue: () => Promise.reject(away()),
    recent: { note: (push) => void steps.push(push) },
  })
  await t.rejects(accept(MESSAGE), { code: 'STORE_UNAVAILABLE' })
  t.same(steps, [])
})

void t.test('with a spool, a push that the store or the memory refuses is kept there', async (t) => {
  const kept: unknown[] = []
  const spool = spoolWith(kept)
  const full = {
    assertRoomFor: () => {
      throw away()
    },
  }
  t.equal(await intakeWith({ spool, enqueue: () => Promise.reject(away()) }).accept(MESSAGE), 'accepted')
  t.equal(await intakeWith({ spool, memory: full }).accept(COMPONENT_EVENT), 'accepted')
  t.same(kept, ['keep message', 'keep component-event'])
  await t.rejects(intakeWith({ spool, enqueue: () => Promise.reject(new Error('a bug')) }).accept(MESSAGE), {
    message: 'a bug',
  })
  t.equal(kept.length, 2)
})

void t.test('while the spool holds pushes, the next one goes to it without asking the store', async (t) => {
  const kept: unknown[] = []
  const { steps, accept } = intakeWith({ spool: spoolWith(kept, { isHolding: true }) })
  await accept(RELEASE_CHECK)
  t.same([steps, kept], [[], ['keep release-check']])
})

void t.test('of an account whose order a subscription wants, no message overtakes those in the spool', async (t) => {
  const ordered = subscription('crm', { ordering: 'authorizer' })
  const platforms = new Map([['open1', { subscriptions: { known: () => [ordered], all: async () => [ordered] } }]])
  const kept: unknown[] = []
  const behind = intakeWith({ platforms, spool: spoolWith(kept, { isPassable: false }) })
  await behind.accept(MESSAGE)
  t.same([behind.steps, kept], [[], ['keep message']])
  const free = intakeWith({ platforms, spool: spoolWith(kept) })
  await free.accept(MESSAGE)
  t.ok(free.steps.includes('enqueue message'))
})

void t.test('a message that no enabled subscription can get is noted as unsubscribed', async (t) => {
  const stepsWith = async (...known: Array<ReturnType<typeof subscription>>) => {
    const platforms = new Map([['open1', { subscriptions: { known: () => known, all: async () => known } }]])
    const { steps, accept } = intakeWith({ platforms })
    await accept(MESSAGE)
    await accept(COMPONENT_EVENT)
    return steps.filter((step) => String(step).startsWith('unsubscribed'))
  }
  t.same(await stepsWith(subscription('off', { enabled: false })), ['unsubscribed at open1'])
  t.same(await stepsWith(subscription('on')), [])
})

void t.test('the queue of the platform gets every argument of a push', async (t) => {
  const got: unknown[] = []
  const queueOf = (name: string) => ({
    message: async (...args: unknown[]) => (got.push([name, 'message', ...args]), 'queued' as const),
    componentEvent: async (...args: unknown[]) => (got.push([name, 'componentEvent', ...args]), 'duplicate' as const),
    releaseCheck: async (...args: unknown[]) => void got.push([name, 'releaseCheck', ...args]),
  })
  const enqueue = createEnqueuePush(new Map(['open1', 'open2'].map((id) => [id, { pushQueue: queueOf(id) }])))
  const { receivedAtMs, made } = ABOUT
  const arrival = { receivedAtMs, made, within }
  t.equal(await enqueue(MESSAGE, within), 'queued')
  t.equal(await enqueue({ ...COMPONENT_EVENT, platform: 'open2' }, within), 'duplicate')
  t.equal(await enqueue(RELEASE_CHECK, within), 'queued')
  t.strictSame(got, [
    ['open1', 'message', event, arrival, { subscription: 'crm', deadlineAtMs: NOW_MS + 4_000 }],
    ['open2', 'componentEvent', { eventId: 'ev_c', plaintext: '<xml/>', ...arrival }],
    ['open1', 'releaseCheck', { eventId: 'ev_r', appId: APPID_A, openId: 'oUSER', code: CODE, ...arrival }],
  ])
})
