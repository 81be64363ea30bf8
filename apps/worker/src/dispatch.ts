// Owns: wiring the way of an event to its subscribers: matching, sinks, delivery queues.
import type { OpenedGateway, Platform } from '@wxgw/platform'
import { createDeliveryQueue, createSinkWriter, type RedisConnection } from '@wxgw/redis'
import type { Config, Log } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { createDeliver } from './delivery/deliver.ts'
import { type DeliveryWorkers, startDeliveryWorkers } from './delivery/delivery-workers.ts'
import { createFanOut, type FanOut } from './delivery/fan-out.ts'
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

export type Dispatch = { fanOutOf(platform: string): FanOut | undefined; close(): Promise<void> }

export function startDispatch({ config, gateway, connection, clock, log }: DispatchDeps): Dispatch {
  const fetch = createGuardedFetch({ allowNetworks: config.webhookAllowNetworks })
  const fanOuts = new Map<string, FanOut>()
  const workers: DeliveryWorkers[] = []
  for (const platform of gateway.platforms.byId.values()) {
    const own = dispatchOf(platform, { gateway, connection, fetch, clock, log })
    fanOuts.set(platform.id, own.fanOut)
    workers.push(own.workers)
  }
  return {
    fanOutOf: (platform) => fanOuts.get(platform),
    async close() {
      await Promise.all(workers.map((one) => one.close()))
      fetch.close()
    },
  }
}

function dispatchOf(platform: Platform, deps: Omit<DispatchDeps, 'config'> & { fetch: GuardedFetch }) {
  const { gateway, connection, fetch, clock, log } = deps
  const stores = { queues: gateway.platforms.queues, redis: gateway.connections.commands }
  const { subscriptions, events } = platform
  const writer = createSinkWriter(stores)
  const sinks = {
    queue: createQueueSink(writer),
    stream: createStreamSink(writer),
    webhook: createWebhookSink({ secrets: subscriptions.webhookSecrets, fetch, clock }),
  }
  const common = { subscriptions, events, sinks, clock, random: Math.random, log }
  const fanOut = createFanOut({ ...common, enqueueDelivery: createDeliveryQueue(stores).enqueueDelivery })
  const deliver = createDeliver({ ...common, offerReply: async () => 'unwanted' })
  return { fanOut, workers: startDeliveryWorkers({ platform: platform.id, connection, subscriptions, deliver, log }) }
}
