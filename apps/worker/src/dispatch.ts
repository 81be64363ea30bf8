// Owns: wiring the way of an event to its subscribers: matching, sinks, delivery queues.
import type { GatewayEvent } from '@wxgw/contracts'
import type { OpenedGateway, Platform } from '@wxgw/platform'
import { createDeliveryQueue, createSinkWriter, type QueueWorker, type RedisConnection } from '@wxgw/redis'
import type { Config, Log } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { createDeliver } from './delivery/deliver.ts'
import { startDeliveryWorkers } from './delivery/delivery-workers.ts'
import { type CallsUnderWay, createDirectCalls } from './delivery/direct-calls.ts'
import { createFanOut, type FanOut } from './delivery/fan-out.ts'
import { startLeavingOldNames } from './delivery/leave-old-names.ts'
import { createConsumerReplies } from './replies/consumer-replies.ts'
import { createGuardedFetch, type GuardedFetch } from './sinks/guarded-fetch.ts'
import { createQueueSink } from './sinks/sink-queue.ts'
import { createStreamSink } from './sinks/sink-stream.ts'
import { createWebhookSink } from './sinks/sink-webhook.ts'

export type DispatchDeps = {
  config: Pick<Config, 'webhookAllowNetworks'>
  gateway: OpenedGateway
  connection: RedisConnection
  clock: Clock
  log: Log
}

export type Dispatch = {
  fanOutOf(platform: string): FanOut | undefined
  /** Of all subscriptions of all platforms, as they are now. */
  deliveryWorkers(): QueueWorker[]
  close(): Promise<void>
}

export function startDispatch({ config, gateway, connection, clock, log }: DispatchDeps): Dispatch {
  const fetch = createGuardedFetch({ allowNetworks: config.webhookAllowNetworks })
  const callsUnderWay = { count: 0 }
  const fanOuts = new Map<string, FanOut>()
  const dispatches: Array<ReturnType<typeof dispatchOf>> = []
  for (const platform of gateway.platforms.byId.values()) {
    const own = dispatchOf(platform, { gateway, connection, fetch, callsUnderWay, clock, log })
    fanOuts.set(platform.id, own.fanOut)
    dispatches.push(own)
  }
  return {
    fanOutOf: (platform) => fanOuts.get(platform),
    deliveryWorkers: () => dispatches.flatMap(({ deliveryWorkers }) => deliveryWorkers()),
    async close() {
      await Promise.all(dispatches.map(({ close }) => close()))
      fetch.close()
    },
  }
}

function dispatchOf(platform: Platform, deps: Omit<DispatchDeps, 'config'> & { fetch: GuardedFetch; callsUnderWay: CallsUnderWay }) {
  const { gateway, connection, fetch, callsUnderWay, clock, log } = deps
  const stores = { queues: gateway.platforms.queues, redis: gateway.connections.commands }
  const { subscriptions, events } = platform
  const writer = createSinkWriter(stores)
  const sinks = {
    queue: createQueueSink(writer),
    stream: createStreamSink(writer),
    webhook: createWebhookSink({ secrets: subscriptions.webhookSecrets, fetch, clock }),
  }
  const directCalls = createDirectCalls(callsUnderWay)
  const common = { subscriptions, events, sinks, directCalls, clock, random: Math.random, log }
  const { enqueueDelivery } = createDeliveryQueue(stores)
  const fanOut = createFanOut({ ...common, enqueueDelivery })
  const deliver = createDeliver({ ...common, offerReply: (event, reply) => offerReply(platform, event, reply) })
  const consumerReplies = createConsumerReplies({ platform, connection, enqueueDelivery, log })
  const workers = startDeliveryWorkers({
    platform: platform.id,
    connection,
    subscriptions,
    deliver,
    onSubscriptions(current) {
      consumerReplies.follow(current)
      directCalls.keep(new Set(current.map(({ name }) => name)))
    },
    log,
  })
  const leavingOldNames = startLeavingOldNames({ platform: platform.id, subscriptions, log })
  return {
    fanOut,
    deliveryWorkers: workers.current,
    async close() {
      await leavingOldNames.stop()
      await workers.close()
      await consumerReplies.close()
    },
  }
}

async function offerReply(platform: Platform, event: GatewayEvent, reply: unknown): Promise<'accepted' | 'unwanted' | 'invalid'> {
  const outcome = await platform.replyOffers.offer(event.id, reply, { event })
  if (outcome === 'accepted' || outcome === 'sent') return 'accepted'
  return outcome === 'invalid' ? 'invalid' : 'unwanted'
}
