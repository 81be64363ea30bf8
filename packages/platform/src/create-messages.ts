// Owns: wiring of one platform's messages and events over the shards: queues, claims, event log, replies.
import {
  createEventClaims,
  createEventFeed,
  createEventLog,
  createJobQueue,
  createLaneWriter,
  createOrderedEvents,
  createPushQueue,
  createReplyMailbox,
  createUnsettledDeliveries,
  guardStore,
  type InboxChoice,
  type MasterOutages,
  type MessageShards,
  NO_EVENT_LOG,
  type OrderedEventsDeps,
  type PlatformKeys,
  type Queues,
  type RedisConnection,
  type ReplicaBarrier,
  REPLY_SENT_SECONDS,
  type SealedJobs,
  type ShardCount,
} from '@wxgw/redis'
import type { Config, Log, PlatformConfig } from '@wxgw/runtime'
import type { Clock } from '@wxgw/wechat-core'
import { once } from './once.ts'

type MessagesDeps = {
  config: Pick<Config, 'dedupeSeconds' | 'eventLogSeconds' | 'eventLogMaxEvents'>
  platform: Pick<PlatformConfig, 'id' | 'eventLog'>
  connections: { commands: RedisConnection; subscriber: RedisConnection }
  keys: PlatformKeys
  sealedJobs: SealedJobs
  shardCount: ShardCount
  shards: MessageShards
  replicas: ReplicaBarrier
  queues: Queues
  inboxes: InboxChoice
  /** Read for each push, as in OrderedEventsDeps. */
  subscriptions: OrderedEventsDeps['subscriptions']
  lateMs: number | undefined
  outages: MasterOutages
  clock: Clock
  log: Log
}

/** The caller closes `mailbox`. */
export function createMessages(deps: MessagesDeps) {
  const { config, platform, connections, keys, shardCount, shards, replicas, queues, outages, clock, log } = deps
  const { dedupeSeconds, eventLogSeconds, eventLogMaxEvents: maxEvents } = config
  const redis = connections.commands
  const events = platform.eventLog
    ? createEventLog({ redis, shards, outages, queues, eventLogSeconds, maxEvents })
    : NO_EVENT_LOG
  const lanes = createLaneWriter({ redis, count: shardCount, queues, replicas })
  const ordered = createOrderedEvents({ ...deps, platform: platform.id, lanes })
  const queueDeps = { ...deps, platform: platform.id, ordered, dedupeSeconds }
  const replySentKey = (eventId: string) => shards.ofId(eventId).replySent(eventId)
  return {
    events,
    feed: createEventFeed({
      redis,
      shards,
      eventLogSeconds,
      onError: (error) => log.debug({ err: error, platform: platform.id }, 'feed.not_read'),
    }),
    pushQueue: createPushQueue({ ...queueDeps, events, eventLogSeconds }),
    jobs: createJobQueue(queueDeps),
    claims: createEventClaims({
      platform: platform.id,
      redis,
      shards,
      outages,
      dedupeSeconds,
      eventLogSeconds,
      isLogged: platform.eventLog,
      nowMs: clock.nowMs,
    }),
    unsettled: createUnsettledDeliveries({ platform: platform.id, redis, shards }),
    mailbox: createReplyMailbox({
      redis,
      subscriber: connections.subscriber,
      keys,
      shards,
      keepsEvents: !platform.eventLog,
      log,
      clock,
    }),
    /** True once per event, over all processes. */
    mayFallBack: (eventId: string) => once(redis, replySentKey(eventId), REPLY_SENT_SECONDS),
    releaseFallBack: (eventId: string) => guardStore(async () => void (await redis.del(replySentKey(eventId)))),
  }
}
