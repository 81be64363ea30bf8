// Owns: wiring of one configured platform over Redis and WeChat's API.
import {
  createApiTicketStore,
  createAuthorizationHistory,
  createAuthorizerIndex,
  createAuthorizerStore,
  createDeadLetters,
  createEventErasure,
  createRefreshSchedule,
  createReplayRuns,
  createMessageShards,
  createReplays,
  createSealedJobs,
  createStatistics,
  createSubscriptionStats,
  createSessionStore,
  createSubscriptions,
  createSyncStates,
  createTicketStore,
  createUnparsedPushes,
  NO_REPLICA_BARRIER,
  isInstallationMarked,
  markInstallation,
  platformKeys,
  type Queues,
  type RedisConnection,
  type ReplicaBarrier,
  type AuthorizerStore,
  type Sealer,
  type Subscriptions,
  type InboxChoice,
  type MasterOutages,
  type SettledShardCount,
} from '@wxgw/redis'
import { checkWebhookUrl, type Config, type Log, type PlatformConfig } from '@wxgw/runtime'
import { type Clock, createAuthorizerApi, createComponentApi } from '@wxgw/wechat-core'
import { apiCallParts } from './api-calls.ts'
import { createApiTickets } from './api-tickets.ts'
import { createAuthorizations } from './authorizations.ts'
import { createAuthorizers } from './authorizers.ts'
import { callWithAccessToken } from './call-with-access-token.ts'
import { createMessages } from './create-messages.ts'
import { createTokens } from './create-tokens.ts'
import type { PlatformHooks } from './platform-metrics.ts'
import { once } from './once.ts'
import { pushKeys } from './push-keys.ts'
import { createReplies } from './replies/replies.ts'
import { createSessions } from './sessions.ts'
import type { CustomerService, Platform } from './platform.ts'

/** Minimum time between requests to WeChat to push tickets. */
const START_PUSH_TICKET_SECONDS = 600
const OWNER_LOOKUP_TIMEOUT_MS = 300

export type PlatformDeps = {
  config: Config
  platform: PlatformConfig
  connections: { commands: RedisConnection; subscriber: RedisConnection }
  sealer: Sealer
  shardCount: SettledShardCount
  /** Default: a write counts when the master has it. */
  replicas?: ReplicaBarrier | undefined
  queues: Queues
  inboxes: InboxChoice
  outages: MasterOutages
  hooks?: PlatformHooks | undefined
  clock: Clock
  log: Log
}

export function createPlatform(deps: PlatformDeps): { platform: Platform; close(): Promise<void> } {
  const { platform: own, config, connections, sealer, shardCount, queues, outages, clock, log } = deps
  const redis = connections.commands
  const keys = platformKeys(own.id)
  const { replicas = NO_REPLICA_BARRIER } = deps
  const storeDeps = { platform: own.id, redis, keys, sealer, replicas }
  const forceMinIntervalMs = config.forceMinIntervalSeconds * 1000

  const { apiBaseUrl: baseUrl, apiTimeoutMs: timeoutMs, proxyUrl } = config.wechat
  const endpoint = { baseUrl, timeoutMs, proxyUrl }
  const { componentAppId, componentAppSecret } = own
  const api = createComponentApi({ ...endpoint, componentAppId, componentAppSecret })
  const authorizerApi = createAuthorizerApi(endpoint)

  const statistics = createStatistics({ redis, keys, clock })
  const syncStates = createSyncStates({ platform: own.id, redis, keys, queues })
  const shards = createMessageShards(own.id, shardCount)
  const sealedJobs = createSealedJobs({ platform: own.id, sealer })
  const known = createSubscriptions({
    ...storeDeps,
    shards,
    platforms: config.platforms.map(({ id }) => id),
    queues,
    checkWebhookUrl: (url) => checkWebhookUrl(url, config.webhookAllowNetworks),
    clock,
  })
  const subscriptions: Subscriptions = {
    ...known,
    all: (maxAgeMs) => outages.run(keys.subscriptions, () => known.all(maxAgeMs)),
  }
  // With several inboxes, another master may accept the push in the remaining time.
  const lateMs = config.messageShards > 1 ? OWNER_LOOKUP_TIMEOUT_MS : undefined
  const { events, feed, pushQueue, jobs, claims, unsettled, mailbox, mayFallBack, releaseFallBack } = createMessages({
    ...deps,
    keys,
    shards,
    replicas,
    sealedJobs,
    subscriptions: {
      known: () => known.known(),
      all: (longestMs) => outages.run(keys.subscriptions, () => known.all(), longestMs),
    },
    lateMs,
  })
  const store = createAuthorizerStore(storeDeps)
  // Each push may read the owner of an original id. During an outage of the master only one read a second waits for it.
  const storeForPushes: AuthorizerStore = {
    ...store,
    ownerOfUserName: (userName) => outages.run(keys.userNames, () => store.ownerOfUserName(userName), lateMs),
  }
  const { componentTokens, authorizerTokens, codes } = createTokens({
    ...deps,
    storeDeps,
    store,
    api,
    jobs,
    statistics,
  })
  const authorizations = createAuthorizations({
    componentAppId: own.componentAppId,
    mpBaseUrl: config.wechat.mpBaseUrl,
    openBaseUrl: config.wechat.openBaseUrl,
    api,
    componentTokens,
    authorizerTokens,
    codes,
    store,
    jobs,
    mayStartPushTicket: () => once(redis, keys.startPushTicket, START_PUSH_TICKET_SECONDS),
    clock,
  })
  const customerService: CustomerService = {
    send: (appId, message) =>
      callWithAccessToken(authorizerTokens, appId, (token) => authorizerApi.sendCustomMessage(token, message)),
  }

  return {
    platform: {
      id: own.id,
      componentAppId: own.componentAppId,
      pushKeys: pushKeys(own),
      tickets: createTicketStore(storeDeps),
      componentTokens,
      authorizerTokens,
      authorizations,
      authorizers: createAuthorizers({
        store: storeForPushes,
        index: createAuthorizerIndex({ redis, keys, get: store.get, ownerOfUserName: store.ownerOfUserName }),
        history: createAuthorizationHistory({ redis, keys }),
        clock,
      }),
      sessions: createSessions({
        platform: own.id,
        store: createSessionStore(storeDeps),
        authorizations,
        jobs,
        events,
        onChange: (what) => deps.hooks?.onSession({ platform: own.id, what }),
        nowMs: clock.nowMs,
        log,
      }),
      apiTickets: createApiTickets({
        store: createApiTicketStore(storeDeps),
        api: authorizerApi,
        authorizerTokens,
        forceMinIntervalMs,
        clock,
      }),
      customerService,
      schedule: createRefreshSchedule({ redis, keys }),
      installation: {
        isMarked: () => isInstallationMarked(storeDeps),
        async mark() {
          // A flushed Redis has lost the number of shards too.
          await shardCount.settle()
          return markInstallation(storeDeps)
        },
      },
      subscriptions,
      deadLetters: createDeadLetters({ platform: own.id, redis, queues, events }),
      replays: createReplays({ platform: own.id, redis, keys, replicas, shards, nowMs: clock.nowMs }),
      replayRuns: createReplayRuns({ platform: own.id, redis, keys, shards, queues }),
      erasure: createEventErasure({ platform: own.id, redis, shards, queues, subscriptions }),
      keepsEventLog: own.eventLog,
      events,
      feed,
      claims,
      unsettled,
      pushQueue,
      jobs,
      sealedJobs,
      statistics,
      stats: createSubscriptionStats({ platform: own.id, redis, keys }),
      unparsedPushes: createUnparsedPushes(storeDeps),
      replies: createReplies({
        mailbox,
        events,
        subscriptions,
        customerService,
        mayFallBack,
        releaseFallBack,
        onOffered: (outcome) => deps.hooks?.onReply({ platform: own.id, outcome }),
        onAwaited: (subscription, outcome) => deps.hooks?.onAwaited({ platform: own.id, subscription, outcome }),
      }),
      syncStates,
      ...apiCallParts(own, storeDeps),
    },
    async close() {
      await mailbox.close()
      api.close()
      authorizerApi.close()
    },
  }
}
