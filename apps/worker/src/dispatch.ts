// Owns: starting the dispatch of events for all platforms, and what they share. dispatch-platform.ts wires one
// platform.
import type { OpenedGateway } from '@wxgw/platform'
import type { QueueWorker, RedisConnection } from '@wxgw/redis'
import type { Config, Log, Metrics } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import type { FanOut } from './delivery/fan-out/fan-out.ts'
import { createDispatchSlots } from './delivery/fan-out/dispatch-slots.ts'
import type { OrderedDeliveries } from './delivery/ordered/ordered-deliveries.ts'
import { createDispatchMetrics, measureDispatch } from './dispatch-metrics.ts'
import { dispatchPlatform, type PlatformDispatch } from './dispatch-platform.ts'
import { MESSAGES_AT_ONCE } from './inboxes/inbox-workers.ts'
import { createGuardedFetch } from './sinks/guarded-fetch.ts'

type DispatchDeps = {
  config: Pick<Config, 'webhookAllowNetworks'>
  metrics: Metrics
  gateway: OpenedGateway
  connection: RedisConnection
  clock: Clock
  log: Log
}

type Dispatch = {
  fanOutOf(platform: string): FanOut | undefined
  orderedOf(platform: string): OrderedDeliveries | undefined
  /** The open workers of all platforms. */
  deliveryWorkers(): QueueWorker[]
  close(): Promise<void>
}

export function startDispatch({ config, metrics, gateway, connection, clock, log }: DispatchDeps): Dispatch {
  const redis = gateway.connections.commands
  const { queues, byId } = gateway.platforms
  // Shared by all platforms: connections to webhooks, and the slots for calls from fan-outs.
  const fetch = createGuardedFetch({ allowNetworks: config.webhookAllowNetworks })
  const shared = { fetch, callsUnderWay: { count: 0 }, callSlots: createDispatchSlots(MESSAGES_AT_ONCE) }
  const counters = createDispatchMetrics(metrics)
  const deps = { ...shared, redis, queues, connection, unsubscribed: gateway.unsubscribed, counters, clock, log }
  const dispatches = new Map<string, PlatformDispatch>()
  for (const platform of byId.values()) dispatches.set(platform.id, dispatchPlatform(platform, deps))

  const all = () => [...dispatches.values()]
  const deliveryWorkers = () => all().flatMap((own) => own.deliveryWorkers())
  measureDispatch(metrics, { deliveryWorkers, replays: () => all().reduce((sum, own) => sum + own.replays(), 0) })
  return {
    fanOutOf: (platform) => dispatches.get(platform)?.fanOut,
    orderedOf: (platform) => dispatches.get(platform)?.ordered,
    deliveryWorkers,
    async close() {
      await Promise.all(all().map((own) => own.close()))
      fetch.close()
    },
  }
}
