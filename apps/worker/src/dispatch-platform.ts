// Owns: wiring the dispatch of one platform, in reading order: attempts, the queues of subscriptions, the fan-out,
// replies, replays, and repeated tasks.
import type { GatewayEvent } from '@wxgw/contracts'
import type { OpenedGateway, Platform } from '@wxgw/platform'
import {
  createAnnouncements,
  createBacklogTrim,
  createDeliveryHealthStore,
  createDeliveryOrder,
  createDeliveryQueue,
  createPendingWork,
  createSinkWriter,
  createThrottle,
  type DeliveryQueue,
  platformKeys,
  type Queues,
  type QueueWorker,
  type RedisConnection,
} from '@wxgw/redis'
import type { Log } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import type { JudgedAttempt } from './delivery/attempt/deliver-once.ts'
import { createDeadLetterAnnouncer } from './delivery/attempt/announce-dead-letters.ts'
import { createDeliveryHealth } from './delivery/attempt/delivery-health.ts'
import type { StateChange } from './delivery/attempt/record-state.ts'
import { type CallsUnderWay, createDirectCalls } from './delivery/fan-out/direct-calls.ts'
import type { DispatchSlots } from './delivery/fan-out/dispatch-slots.ts'
import { createFanOut, type FanOut } from './delivery/fan-out/fan-out.ts'
import { createLateCalls } from './delivery/fan-out/late-calls.ts'
import { createDeliverInOrder } from './delivery/ordered/deliver-in-order.ts'
import { startRepairingOrders } from './delivery/ordered/repair-orders.ts'
import { createOrderedDeliveries, type OrderedDeliveries } from './delivery/ordered/ordered-deliveries.ts'
import { createDeliver } from './delivery/queue/deliver.ts'
import { startDeliveryWorkers } from './delivery/queue/delivery-workers.ts'
import { createThrottleTurns } from './delivery/queue/throttle-turns.ts'
import { startAnnouncingHealth } from './delivery/upkeep/announce-health.ts'
import { startMovingOldNames } from './delivery/upkeep/move-old-names.ts'
import { startReconciling } from './delivery/upkeep/reconcile-deliveries.ts'
import { startTrimmingBacklogs } from './delivery/upkeep/trim-backlogs.ts'
import type { DispatchMetrics } from './dispatch-metrics.ts'
import { createQueueReplies } from './replies/queue-replies.ts'
import { startReplays } from './replays/start-replays.ts'
import type { GuardedFetch } from './sinks/guarded-fetch.ts'
import { createQueueSink } from './sinks/sink-queue.ts'
import { createStreamSink } from './sinks/sink-stream.ts'
import { createWebhookSink } from './sinks/sink-webhook.ts'

type PlatformDispatchDeps = {
  redis: RedisConnection
  queues: Queues
  /** For blocking commands. */
  connection: RedisConnection
  fetch: GuardedFetch
  callsUnderWay: CallsUnderWay
  callSlots: DispatchSlots
  unsubscribed: Pick<OpenedGateway['unsubscribed'], 'note'>
  counters: DispatchMetrics
  clock: Clock
  log: Log
}

export type PlatformDispatch = {
  fanOut: FanOut
  ordered: OrderedDeliveries
  /** The open workers. */
  deliveryWorkers(): QueueWorker[]
  /** How many replays run in this process. */
  replays(): number
  close(): Promise<void>
}

export function dispatchPlatform(platform: Platform, deps: PlatformDispatchDeps): PlatformDispatch {
  const { redis, queues, connection, fetch, callSlots, unsubscribed, counters, clock, log } = deps
  const { id, subscriptions, events, claims, statistics, replies, replayRuns, unsettled } = platform
  const keys = platformKeys(id)
  const stores = { queues, redis }
  const counted = { platform: id }
  counters.startAtZero(id)

  // Circuit breakers of subscriptions, and announcements about them.
  const healthStore = createDeliveryHealthStore({ redis, keys })
  const announcements = createAnnouncements({ redis, keys })
  const announcing = startAnnouncingHealth({
    platform,
    store: { ...healthStore, ...announcements },
    onAnnounced: (kind) => counters.announced.inc({ ...counted, kind }),
    clock,
    log,
  })
  const onAnnouncement = announcing.announce
  const health = createDeliveryHealth({ platform: id, store: healthStore, clock, onAnnouncement, log })
  const announceDeadLetter = createDeadLetterAnnouncer({ store: announcements, onAnnouncement, log })
  async function onDead(dead: StateChange): Promise<void> {
    const { event, subscription, attempts, lastError } = dead
    counters.attempts.dead(id, subscription)
    log.warn({ ...counted, subscription, eventId: event.id, attempts, lastError }, 'delivery.dead')
    await announceDeadLetter(dead)
  }

  // What every attempt at a delivery uses: from the fan-out, from a queue, or of a replay.
  const writer = createSinkWriter(stores)
  const sinks = {
    queue: createQueueSink(writer),
    stream: createStreamSink(writer),
    webhook: createWebhookSink({ secrets: subscriptions.webhookSecrets, fetch, clock }),
  }
  const attempts = {
    ...{ sinks, replies, subscriptions, events, statistics, health },
    ...{ onDead, onDisabled: onAnnouncement, clock, random: Math.random, log },
    onAttempt: (attempt: JudgedAttempt) => counters.attempts.attempted(id, attempt),
  }

  // The queues of subscriptions.
  const directCalls = createDirectCalls(deps.callsUnderWay)
  const throttle = createThrottle({ platform: id, redis })
  const throttleTurns = createThrottleTurns({ throttle, clock })
  const order = createDeliveryOrder({
    ...{ platform: id, ...stores },
    onPromoted: (subscription) => workers.wake(subscription),
  })
  const deliver = createDeliver({ ...attempts, directCalls, throttleTurns })
  const workers = startDeliveryWorkers({
    platform: id,
    connection,
    subscriptions,
    pendingWork: createPendingWork(redis),
    deliver: createDeliverInOrder({ ...attempts, deliver, order }),
    onSubscriptions(current) {
      queueReplies.follow(current)
      const names = new Set(current.map(({ name }) => name))
      directCalls.keep(names)
      counters.attempts.keep(id, names)
    },
    log,
  })
  const deliveries = createDeliveryQueue(stores)
  const enqueueDelivery: DeliveryQueue['enqueueDelivery'] = async (job, options) => {
    await deliveries.enqueueDelivery(job, options)
    workers.wake(job.subscription)
  }

  // The fan-out of an event to its subscribers.
  const lateCalls = createLateCalls()
  const calls = { directCalls, lateCalls, callSlots, enqueueDelivery, takeBack: deliveries.takeBack }
  const ordered = createOrderedDeliveries({ ...attempts, ...calls, order, writer })
  const fanOut = createFanOut({
    ...attempts,
    ...calls,
    ...{ claims, ordered },
    onUnsubscribed({ type }: GatewayEvent) {
      if (!type.startsWith('wechat.')) return
      counters.unsubscribed.inc(counted)
      unsubscribed.note(id)
    },
    onDuplicate: () => statistics.count('duplicates'),
  })
  const queueReplies = createQueueReplies({ platform, redis, enqueueDelivery, onDead, log })
  const replays = startReplays({
    ...attempts,
    ...{ platform: id, runs: replayRuns, unsettled, throttle, order, enqueueDelivery },
    onSettled: (subscription, outcome) => counters.attempts.replayed(id, subscription, outcome),
  })

  // Repeated tasks.
  const upkeep = [
    startMovingOldNames({ platform: id, subscriptions, log }),
    startReconciling({
      ...{ platform, enqueueDelivery, onDead, clock, log },
      onReconciled: (outcome) => counters.settled.inc({ ...counted, outcome }),
    }),
    startTrimmingBacklogs({
      ...attempts,
      ...{ platform: id, order, trim: createBacklogTrim({ platform: id, connection, keys, ...stores, log }) },
    }),
    startRepairingOrders({ platform: id, subscriptions, order, log }),
  ]

  return {
    fanOut(job, options) {
      queueReplies.expect(job)
      return fanOut(job, options)
    },
    ordered,
    deliveryWorkers: workers.current,
    replays: replays.count,
    async close() {
      // Concurrently: draining the workers takes up to 25 of the process' 28 s.
      await Promise.all([...upkeep.map((one) => one.stop()), replays.close(), workers.close(), lateCalls.close()])
      await Promise.all([health.close(), announcing.stop()])
      // Last: consumers may still return replies to the last deliveries.
      await queueReplies.close()
    },
  }
}
