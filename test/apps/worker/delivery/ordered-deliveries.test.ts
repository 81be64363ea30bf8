// Owns: which first deliveries of an ordered subscription are written into a queue or a stream at once, and which go into the order.
import type { DeliveryJob, Subscription } from '@wxgw/contracts'
import { createOrderedDeliveries } from '@wxgw/worker'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { HEALTH, subscription, textEvent, webhookSink } from '../delivery-fixtures.ts'

const ordered = subscription('crm', { ordering: 'subject' })

function setUp({ busy = [] as string[], isOpen = false, refusal = undefined as Error | undefined } = {}) {
  const calls: string[] = []
  const warnings: string[] = []
  const deliveries = createOrderedDeliveries({
    onAttempt: () => undefined,
    order: {
      occupied: async (_name, keys) => new Set(keys.filter((key) => busy.some((subject) => key.includes(subject)))),
      join: async (_name, joining) => {
        calls.push(`join ${joining.map(({ deliveryId }) => deliveryId).join(' ')}`)
        return joining.map(() => true)
      },
      settle: async () => undefined,
    },
    writer: {
      async writeInOrder(_sink, written) {
        if (refusal) throw refusal
        calls.push(`write ${written.map(({ deliveryId }) => deliveryId).join(' ')}`)
      },
    },
    enqueueDelivery: async ({ deliveryId }) => void calls.push(`job ${deliveryId}`),
    health: { ...HEALTH, isOpen: () => isOpen },
    events: {
      deliveryChanged: async ({ id }, _name, { status, attempts }) => void calls.push(`${status} ${attempts} ${id}`),
    },
    statistics: { count: (what, times) => void calls.push(`count ${what} ${times}`) },
    onDead: () => undefined,
    clock: { nowMs: () => 1 },
    log: { warn: (_fields: object, message: string) => void warnings.push(message) },
  })
  return { calls, warnings, dispatch: (to: Subscription, ...jobs: DeliveryJob[]) => deliveries.dispatch(to, jobs) }
}

function delivery(id: string, subject: string): DeliveryJob {
  const event = textEvent(id, { subject })
  return {
    v: 1,
    kind: 'deliver',
    platform: 'open1',
    subscription: 'crm',
    event,
    receivedAtMs: 0,
    deliveryId: id,
    scheduleSeconds: [],
  }
}

const three = [delivery('ev_1', 'oA'), delivery('ev_2', 'oB'), delivery('ev_3', 'oA')] as const

void t.test('what nothing stands before is written in one step, in its order, and known as delivered', async (t) => {
  const { calls, dispatch } = setUp()
  await dispatch(ordered, ...three)
  t.same(calls, [
    'write ev_1 ev_2 ev_3',
    'count delivered 3',
    'delivered 1 ev_1',
    'delivered 1 ev_2',
    'delivered 1 ev_3',
  ])
})

void t.test('what something stands before goes behind it, and holds up nobody else', async (t) => {
  const { calls, dispatch } = setUp({ busy: ['oA'] })
  await dispatch(ordered, ...three)
  t.same(calls, ['write ev_2', 'count delivered 1', 'delivered 1 ev_2', 'join ev_1 ev_3', 'job ev_1', 'job ev_3'])
})

void t.test('what the sink does not take goes into the order: its queue tries again', async (t) => {
  const refusals = [new Error('WRONGTYPE'), new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })]
  for (const [index, refusal] of refusals.entries()) {
    const { calls, warnings, dispatch } = setUp({ refusal })
    await dispatch(ordered, ...three)
    t.same(calls, ['join ev_1 ev_2 ev_3', 'job ev_1', 'job ev_2', 'job ev_3'])
    t.equal(warnings.length, index === 0 ? 1 : 0, 'that Redis is away is said by readiness')
  }
})

void t.test(
  'a webhook, and a subscription that is paused, throttled or behind its breaker, is given all by its queue',
  async (t) => {
    const webhook = { ...ordered, sink: webhookSink('https://crm.example/hook') }
    const held = [webhook, { ...ordered, paused: true }, { ...ordered, throttle: { perSecond: 1 } }]
    for (const one of [...held, ordered]) {
      const { calls, dispatch } = setUp({ isOpen: one === ordered })
      await dispatch(one, ...three)
      t.same(calls, ['join ev_1 ev_2 ev_3', 'job ev_1', 'job ev_2', 'job ev_3'])
    }
  },
)
