// Owns: what the one attempt of a replay comes to where the sink is our own Redis.
import { deliverAgain, type ReplayDeliveryDeps } from '@wxgw/worker'
import type { DeliveryResult } from '@wxgw/contracts'
import type { ReplayRun } from '@wxgw/redis'
import { GatewayError } from '@wxgw/wechat-core'
import t from 'tap'
import { HEALTH, subscription, textEvent } from '../delivery-fixtures.ts'

const QUEUE = subscription('crm', { retry: { scheduleSeconds: [] } })
const REPLAY = { id: 'r01', subscription: 'crm', onlyUndelivered: true, ratePerSecond: 50, subscribedAtMs: 0 }

function setUp(deliver: () => Promise<DeliveryResult>) {
  const dead: unknown[] = []
  const nothing = async () => undefined
  const deps: ReplayDeliveryDeps = {
    statistics: { count() {} },
    onDead: () => undefined,
    onAttempt: () => undefined,
    onDisabled: nothing,
    subscriptions: { get: async () => QUEUE, disable: async () => false },
    events: { deliveryChanged: nothing },
    sinks: { webhook: { deliver }, queue: { deliver }, stream: { deliver } },
    health: HEALTH,
    replies: { offer: async () => 'accepted' },
    order: { enter: async () => ({ isFirst: true, clock: undefined }), leave: nothing },
    unsettled: { placeOf: async () => ({ kind: 'gone' }) },
    enqueueDelivery: async (job) => void dead.push(job),
    clock: { nowMs: () => 1 },
    random: () => 0.5,
    log: { debug() {}, info() {}, warn() {}, error() {} },
  }
  const unused = async () => void t.fail('it is for who runs the replay')
  const load = async () =>
    ({ event: textEvent(), receivedAtMs: 1, attempts: 0, status: undefined, jobId: 'ev-1' }) as const
  const run: ReplayRun = {
    replay: {
      ...REPLAY,
      status: 'running',
      matched: 1,
      delivered: 0,
      failed: 0,
      createdAtMs: 0,
      endedAtMs: undefined,
      fromMs: 0,
      toMs: 1,
    },
    load,
    take: async () => ({ status: 'over' }),
    settle: unused,
    removeJobs: unused,
    cancel: unused,
    release: unused,
  }
  const signal = new AbortController().signal
  return { dead, again: () => deliverAgain(deps, { run, item: 'item', subscription: QUEUE, signal }) }
}

void t.test('a replay waits for the store; one that the store refuses is a dead letter', async (t) => {
  const away = setUp(() => Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'away', { retry: true })))
  await t.rejects(away.again(), { code: 'STORE_UNAVAILABLE' })
  t.same(away.dead, [])
  for (const reason of ['NOPERM', 'INTERNAL']) {
    const refused = setUp(async () => ({ outcome: 'unreachable', reason }))
    t.equal(await refused.again(), 'failed')
    t.equal(refused.dead.length, 1)
  }
})
