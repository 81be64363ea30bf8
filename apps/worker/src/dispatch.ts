// Owns: wiring the way of an event to its subscribers: matching, sinks, delivery queues.
import type { FanOutJob, GatewayEvent } from '@wxgw/contracts'
import type { OpenedGateway, Platform } from '@wxgw/platform'
import {
  type Announcement,
  createAnnouncements,
  createBacklogTrim,
  createDeliveryHealthStore,
  createDeliveryOrder,
  createDeliveryQueue,
  createPendingWork,
  createSinkWriter,
  createThrottle,
  formatGap,
  type DeliveryQueue,
  platformKeys,
  type QueueWorker,
  type RedisConnection,
  waitingMessages,
} from '@wxgw/redis'
import type { Config, Log, Metrics } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { startAnnouncingHealth } from './delivery/upkeep/announce-health.ts'
import { createDeadLetterNews } from './delivery/attempt/dead-letter-news.ts'
import { createDeliveryHealth } from './delivery/attempt/delivery-health.ts'
import { createDeliver } from './delivery/queue/deliver.ts'
import { createDeliverInOrder } from './delivery/ordered/deliver-in-order.ts'
import { startDeliveryWorkers } from './delivery/queue/delivery-workers.ts'
import { type CallsUnderWay, createDirectCalls } from './delivery/fan-out/direct-calls.ts'
import { createDispatchRoom, type DispatchRoom } from './delivery/fan-out/dispatch-room.ts'
import { createLateCalls } from './delivery/fan-out/late-calls.ts'
import { createFanOut, type FanOut, type FanOutOptions } from './delivery/fan-out/fan-out.ts'
import type { StateChange } from './delivery/attempt/record-state.ts'
import { startLeavingOldNames } from './delivery/upkeep/leave-old-names.ts'
import { startMendingOrders } from './delivery/ordered/mend-orders.ts'
import { createOrderedDeliveries, type OrderedDeliveries } from './delivery/ordered/ordered-deliveries.ts'
import { type Settlement, startSettling } from './delivery/upkeep/settle-deliveries.ts'
import { MESSAGES_AT_ONCE } from './inboxes/inbox-workers.ts'
import { createThrottleTurns } from './delivery/queue/throttle-turns.ts'
import { startTrimmingBacklogs } from './delivery/upkeep/trim-backlogs.ts'
import { createQueueReplies } from './replies/queue-replies.ts'
import { startReplays } from './replays/start-replays.ts'
import { createGuardedFetch, type GuardedFetch } from './sinks/guarded-fetch.ts'
import { createQueueSink } from './sinks/sink-queue.ts'
import { createStreamSink } from './sinks/sink-stream.ts'
import { createWebhookSink } from './sinks/sink-webhook.ts'

export type DispatchDeps = {
  config: Pick<Config, 'webhookAllowNetworks'>
  metrics: Metrics
  gateway: OpenedGateway
  connection: RedisConnection
  clock: Clock
  log: Log
}

export type Dispatch = {
  fanOutOf(platform: string): FanOut | undefined
  orderedOf(platform: string): OrderedDeliveries | undefined
  /** That are open now, of all platforms. */
  deliveryWorkers(): QueueWorker[]
  close(): Promise<void>
}

export function startDispatch({ config, metrics, gateway, connection, clock, log }: DispatchDeps): Dispatch {
  const settled = metrics.counter({
    name: 'wxgw_deliveries_settled_total',
    help: 'deliveries that the event log knew as not over and that no queue had; again = delivered once more',
    labels: ['platform', 'outcome'],
  })
  const replayed = metrics.counter({
    name: 'wxgw_replayed_deliveries_total',
    help: 'deliveries of replays, by what became of their one attempt',
    labels: ['platform', 'subscription', 'outcome'],
  })
  const unheard = metrics.counter({
    name: 'wxgw_events_without_subscription_total',
    help: 'events from WeChat that came while the platform had no enabled subscription: they reached nobody',
    labels: ['platform'],
  })
  const duplicates = metrics.counter({
    name: 'wxgw_messages_duplicate_total',
    help: 'pushed messages and events that another arrival of the same event was dispatched for',
    labels: ['platform'],
  })
  const dead = metrics.counter({
    name: 'wxgw_deliveries_dead_total',
    help: 'deliveries that came to the dead letters',
    labels: ['platform', 'subscription'],
  })
  const announced = metrics.counter({
    name: 'wxgw_subscriptions_announced_total',
    help: 'announcements that a subscription failed 50, 100 times in a row or another day (failing), delivered again (recovered), was disabled, has a dead letter (dead_letter)',
    labels: ['platform', 'kind'],
  })
  metrics.gauge({
    name: 'wxgw_messages_waiting',
    help: 'messages and events of users that wait to be dispatched, of all platforms; every worker says the same',
    collect: async (gauge) => {
      const waiting = async () => waitingMessages(gateway.connections.commands, gateway.shardCount.get())
      gauge.set(await waiting().catch(() => NaN))
    },
  })
  metrics.gauge({
    name: 'wxgw_bullmq_format_unknown',
    help: '1 = the installed BullMQ is not the version whose format our scripts write: events reach queues more slowly',
    collect: (gauge) => gauge.set(formatGap() === undefined ? 0 : 1),
  })
  const fetch = createGuardedFetch({ allowNetworks: config.webhookAllowNetworks })
  const callsUnderWay = { count: 0 }
  const callPlaces = createDispatchRoom(MESSAGES_AT_ONCE)
  const fanOuts = new Map<string, FanOut>()
  const ordered = new Map<string, OrderedDeliveries>()
  const dispatches: Array<ReturnType<typeof dispatchOf>> = []
  for (const platform of gateway.platforms.byId.values()) {
    const onSettled = (outcome: Settlement) => settled.inc({ platform: platform.id, outcome })
    const onUnheard = ({ type }: GatewayEvent) => {
      if (!type.startsWith('wechat.')) return
      unheard.inc({ platform: platform.id })
      gateway.unheard.note(platform.id)
    }
    const onDuplicate = () => {
      duplicates.inc({ platform: platform.id })
      platform.statistics.count('duplicates')
    }
    const onReplayed = (subscription: string, outcome: string) => replayed.inc({ platform: platform.id, subscription, outcome })
    const onAnnounced = (kind: Announcement['about']['kind']) => announced.inc({ platform: platform.id, kind })
    const onDead = ({ event, subscription, attempts, lastError }: StateChange) => {
      dead.inc({ platform: platform.id, subscription })
      log.warn({ platform: platform.id, subscription, eventId: event.id, attempts, lastError }, 'delivery.dead')
    }
    const told = { onDead, onSettled, onReplayed, onUnheard, onDuplicate, onAnnounced }
    const own = dispatchOf(platform, { gateway, connection, fetch, callsUnderWay, callPlaces, ...told, clock, log })
    fanOuts.set(platform.id, own.fanOut)
    ordered.set(platform.id, own.ordered)
    dispatches.push(own)
  }
  const deliveryWorkers = () => dispatches.flatMap((own) => own.deliveryWorkers())
  metrics.gauge({
    name: 'wxgw_delivery_workers',
    help: 'Subscriptions whose deliveries queue this process works on now',
    collect: (gauge) => gauge.set(deliveryWorkers().length),
  })
  metrics.gauge({
    name: 'wxgw_replays_running',
    help: 'Replays that this process runs now',
    collect: (gauge) => gauge.set(dispatches.reduce((sum, own) => sum + own.replays.count(), 0)),
  })
  return {
    fanOutOf: (platform) => fanOuts.get(platform),
    orderedOf: (platform) => ordered.get(platform),
    deliveryWorkers,
    async close() {
      await Promise.all(dispatches.map(({ close }) => close()))
      fetch.close()
    },
  }
}

type PlatformDispatchDeps = Omit<DispatchDeps, 'config' | 'metrics'> & {
  fetch: GuardedFetch
  callsUnderWay: CallsUnderWay
  callPlaces: DispatchRoom
  onDead(dead: StateChange): void
  onSettled(outcome: Settlement): void
  onReplayed(subscription: string, outcome: string): void
  onUnheard(event: GatewayEvent): void
  onDuplicate(): void
  onAnnounced(kind: Announcement['about']['kind']): void
}

function dispatchOf(platform: Platform, deps: PlatformDispatchDeps) {
  const { gateway, connection, fetch, callsUnderWay, callPlaces, onSettled, onReplayed, onUnheard, onDuplicate, onAnnounced, clock, log } = deps
  const stores = { queues: gateway.platforms.queues, redis: gateway.connections.commands }
  const { subscriptions, events, claims, statistics } = platform
  const writer = createSinkWriter(stores)
  const sinks = {
    queue: createQueueSink(writer),
    stream: createStreamSink(writer),
    webhook: createWebhookSink({ secrets: subscriptions.webhookSecrets, fetch, clock }),
  }
  const directCalls = createDirectCalls(callsUnderWay)
  const healthStore = createDeliveryHealthStore({ redis: stores.redis, keys: platformKeys(platform.id) })
  const news = createAnnouncements({ redis: stores.redis, keys: platformKeys(platform.id) })
  const announcements = startAnnouncingHealth({ platform, store: { ...healthStore, ...news }, onAnnounced, clock, log })
  const health = createDeliveryHealth({ platform: platform.id, store: healthStore, clock, onNews: announcements.announce, log })
  const noteDeadLetter = createDeadLetterNews({ store: news, onNews: announcements.announce, log })
  async function onDead(dead: StateChange): Promise<void> {
    deps.onDead(dead)
    await noteDeadLetter(dead)
  }
  const told = { onDead, onDisabled: announcements.announce }
  const common = {
    ...{ subscriptions, events, statistics, sinks, directCalls, health, ...told, clock, random: Math.random, log },
    replies: platform.replies,
  }
  const throttle = createThrottle({ platform: platform.id, redis: stores.redis })
  const throttleTurns = createThrottleTurns({ throttle, clock })
  const order = createDeliveryOrder({ platform: platform.id, ...stores })
  const deliver = createDeliverInOrder({
    ...common,
    deliver: createDeliver({ ...common, throttleTurns }),
    order,
    wake: (subscription) => workers.wake(subscription),
  })
  const workers = startDeliveryWorkers({
    platform: platform.id,
    connection,
    subscriptions,
    pendingWork: createPendingWork(stores.redis),
    deliver,
    onSubscriptions(current) {
      queueReplies.follow(current)
      directCalls.keep(new Set(current.map(({ name }) => name)))
    },
    log,
  })
  const deliveries = createDeliveryQueue(stores)
  const enqueueDelivery: DeliveryQueue['enqueueDelivery'] = async (job, options) => {
    await deliveries.enqueueDelivery(job, options)
    workers.wake(job.subscription)
  }
  const ordered = createOrderedDeliveries({ ...common, order, writer, enqueueDelivery })
  const lateCalls = createLateCalls()
  const fanOut = createFanOut({
    ...common,
    claims,
    lateCalls,
    callPlaces,
    enqueueDelivery,
    takeBack: deliveries.takeBack,
    ordered,
    onUnheard,
    onDuplicate,
  })
  const queueReplies = createQueueReplies({ platform, redis: stores.redis, enqueueDelivery, onDead, log })
  const leavingOldNames = startLeavingOldNames({ platform: platform.id, subscriptions, log })
  const trim = createBacklogTrim({ platform: platform.id, connection, keys: platformKeys(platform.id), ...stores, log })
  const trimming = startTrimmingBacklogs({ ...common, platform: platform.id, trim, order })
  const mending = startMendingOrders({ platform: platform.id, subscriptions, order, log })
  const settling = startSettling({ platform, enqueueDelivery, onDead, onSettled, clock, log })
  const { replayRuns: runs, unsettled } = platform
  const replays = startReplays({ ...common, platform: platform.id, runs, unsettled, throttle, order, enqueueDelivery, onSettled: onReplayed })
  return {
    replays,
    fanOut(job: FanOutJob, options: FanOutOptions) {
      queueReplies.expect(job)
      return fanOut(job, options)
    },
    ordered,
    deliveryWorkers: workers.current,
    async close() {
      // At once: the workers' drain takes nearly all of the time that there is.
      const repeated = [leavingOldNames.stop(), settling.stop(), trimming.stop(), mending.stop()]
      await Promise.all([...repeated, replays.close(), workers.close(), lateCalls.close()])
      await Promise.all([health.close(), announcements.stop()])
      // What consumers answer to the last deliveries is still heard.
      await queueReplies.close()
    },
  }
}
