// Owns: the public names of this package.

export {
  AUDIT_KEY,
  COMPONENT_EVENTS_QUEUE,
  deliveriesQueue,
  deliveryId,
  endedConsoleSessionKey,
  hashTag,
  INBOX_WORKERS_KEY,
  QUEUE_FIGURES_KEY,
  QUEUE_GATHERING_KEY,
  inboxProbeKey,
  MAINTENANCE_QUEUE,
  messageInbox,
  MESSAGES_QUEUE,
  messagesOf,
  onceIds,
  PLATFORM_EVENTS_QUEUE,
  platformKeys,
  QUEUE_PREFIX,
  queueKey,
  READINESS_PROBE_KEY,
  REFUSED_API_CALLS_KEY,
  replayId,
  replayOf,
  replicaProbeKey,
  scriptProbeKey,
  laneKey,
  laneLeaseKey,
  orderKey,
  orderPlacesKey,
  throttleKey,
  SHARD_COUNT_KEY,
  shardCountCopyKey,
  shardKeys,
  sinkQueue,
  sinkStream,
  UNSHARDED_KEY,
  waitingLanesKey,
} from './keys.ts'
export type { PlatformKeys, ShardKeys } from './keys.ts'
export { shardOf } from './shards/account-hash.ts'
export { createMessageShards } from './shards/message-shards.ts'
export type { EventPlace, MessageShard, MessageShards } from './shards/message-shards.ts'
export { createShardCount, MAX_SHARDS, UNSHARDED } from './shards/shard-count.ts'
export type { SettledShardCount, ShardCount, ShardCountDeps } from './shards/shard-count.ts'
export { createSealer } from './sealed.ts'
export type { SealedPlace, Sealer } from './sealed.ts'
export { checkSealingKeys, isInstallationMarked, markInstallation } from './key-check.ts'
export { resealPlatform } from './key-rotation.ts'
export type { RotationCounts, RotationDeps, RotationReport, SealedKind } from './key-rotation.ts'
export { connectRedis } from './connect.ts'
export { readScript } from './lua/read-script.ts'
export { createProblemWatch } from './problems/problem-watch.ts'
export type { ProblemWatch } from './problems/problem-watch.ts'
export { createReplicaBarrier, NO_REPLICA_BARRIER } from './replication/replica-barrier.ts'
export type { ReplicaBarrier } from './replication/replica-barrier.ts'
export { createMasterOutages } from './replication/master-outages.ts'
export type { MasterOutages } from './replication/master-outages.ts'
export { startLossWatch } from './replication/loss-watch.ts'
export type { Loss, LossWatch } from './replication/loss-watch.ts'
export type { RedisConnection, RedisRole } from './connect.ts'

export {
  fewestReplicas,
  evictionPolicy,
  isInfoRefused,
  persistenceGap,
  memoryShare,
  probeWrite,
  redisTimeMs,
  replicationRole,
} from './store-health.ts'

// diagnosis
export { missingRights } from './diagnosis/missing-rights.ts'
export { sealingKeysInUse } from './diagnosis/sealing-keys-in-use.ts'
export { serverFacts } from './diagnosis/server-facts.ts'

// tokens
export { createTicketStore } from './tokens/ticket-store.ts'
export type { TicketStore } from './tokens/ticket-store.ts'
export { createComponentTokenStore } from './tokens/component-token-store.ts'
export { createAuthorizerStore } from './tokens/authorizer-store.ts'
export type { AuthorizerStore, StoredAuthorization } from './tokens/authorizer-store.ts'
export { createAuthorizerIndex } from './tokens/authorizer-index.ts'
export type { AuthorizerIndex, AuthorizersWanted } from './tokens/authorizer-index.ts'
export type { AuthorizerFilter } from './tokens/authorizer-filter.ts'
export { createAuthorizationHistory } from './tokens/authorization-history.ts'
export type { AuthorizationHistory, HistoryEntry } from './tokens/authorization-history.ts'
export { createAuthorizationCodeStore } from './tokens/authorization-code-store.ts'
export { createApiTicketStore } from './tokens/api-ticket-store.ts'
export type { ApiTicketStore, ApiTicketSubject, ApiTicketType } from './tokens/api-ticket-store.ts'
export { createRefreshSchedule } from './tokens/refresh-schedule.ts'
export type { DueSubjects, PauseReason, RefreshSchedule, ScheduleFigures } from './tokens/refresh-schedule.ts'

// authorization sessions
export { createSessionStore } from './sessions/session-store.ts'
export type { NewSession, Session, SessionStatus } from './sessions/session-record.ts'
export type { Click, SessionEnd, SessionStore, SettledAuthorization, TakenClick } from './sessions/session-store.ts'
// calls of WeChat's APIs
export { createApiBrakes } from './api-calls/api-brakes.ts'
export type { ApiBrake, ApiBrakes, BrakedAnswer } from './api-calls/api-brakes.ts'
export { createRefusedPaths } from './api-calls/refused-paths.ts'
export type { CalledPath, RefusedPaths } from './api-calls/refused-paths.ts'

// console
export { createEndedSessions } from './console/ended-sessions.ts'
export type { EndedSessions } from './console/ended-sessions.ts'
export type { RecentEntries } from './console/recent-entries.ts'
export { createConsoleRecords } from './console/records.ts'
export type { ConsoleRecords } from './console/records.ts'

// queues
export {
  guardStore,
  isRightMissing,
  isStoreFailure,
  storeError,
  storeErrorCode,
  unlessRightMissing,
} from './store-errors.ts'
export type { Page } from './paging/newest-first.ts'
export { createQueues } from './queues/queues.ts'
export type { Queues } from './queues/queues.ts'
export { anyKeyOf } from './bullmq-format/queue-keys.ts'
export { createConsumerJobs } from './bullmq-format/consumer-jobs.ts'
export type { ConsumerJobs, ConsumerJobsDeps } from './bullmq-format/consumer-jobs.ts'
export { installedVersion, KNOWN_VERSIONS, versionGap } from './driver-versions.ts'
export type { Acceptance } from './queues/add-once.ts'
export { createPushQueue } from './queues/push-queue.ts'
export type { Arrival, PushMade, PushQueue, PushQueueDeps, TimeBound } from './queues/push-queue.ts'
export { createJobQueue } from './queues/job-queue.ts'
export type { JobQueue, JobQueueDeps } from './queues/job-queue.ts'
export { createOrderedEvents } from './queues/ordered-events.ts'
export type { OrderedEventsDeps } from './queues/ordered-events.ts'
export { createSealedJobs } from './queues/sealed-jobs.ts'
export type { SealedJobs } from './queues/sealed-jobs.ts'
export { createMessageBatches } from './queues/message-batches.ts'
export type { MessageBatches } from './queues/message-batches.ts'
export { createInboxChoice } from './queues/inbox-choice.ts'
export type { InboxChoice, InboxChoiceDeps } from './queues/inbox-choice.ts'
export { inboxesOf } from './queues/inbox-shares.ts'
export { aliveWorkers, createWorkerRegistry, DEAD_AFTER_MS } from './queues/worker-registry.ts'
export type { WorkerRegistry } from './queues/worker-registry.ts'
export { createMessageRequeue } from './queues/message-requeue.ts'
export type { RequeuedEntry, MessageRequeue } from './queues/message-requeue.ts'
export { waitingMessages } from './bullmq-format/waiting-messages.ts'
export { createSyncStates } from './queues/sync-states.ts'
export type { SyncState, SyncStates, SyncStatesDeps } from './queues/sync-states.ts'
export { startLaps } from './laps.ts'
export type { Laps, LapsDeps } from './laps.ts'
export { createPendingWork } from './bullmq-format/pending-work.ts'
export type { PendingWork } from './bullmq-format/pending-work.ts'
export { createWakeUp } from './queues/wake-up.ts'
export type { WakeUp } from './queues/wake-up.ts'
export { createQueueWorker } from './queues/queue-worker.ts'
export type { QueueWorker, QueueWorkerDeps } from './queues/queue-worker.ts'
export type { JobContext, JobHandler, JobLog, JobOutcome } from './queues/run-job.ts'
export { exponentialBackoffMs, jobOptions } from './queues/job-options.ts'
export { createDeliveryQueue } from './queues/delivery-queue.ts'
export type { DeliveryQueue, EnqueueOptions } from './queues/delivery-queue.ts'
export { createPatientRedis } from './patient-redis.ts'
export { outagePauseMs } from './queues/outage-brake.ts'
export { takeableJobs } from './queues/takeable-jobs.ts'
export { createSinkWriter } from './consumers/sink-writer.ts'
export type { SinkWriter } from './consumers/sink-writer.ts'
export type { ConsumerWrite } from './consumers/recorded-writes.ts'
export { createConsumerReturns } from './queues/consumer-returns.ts'
export type { ConsumerReturns, ConsumerReturnsDeps, ReturnedJob } from './queues/consumer-returns.ts'
export type { WarnLog } from './queues/error-log.ts'
export type { Declaration, DeclaredOutcome } from './subscriptions/declared.ts'
export { createSubscriptions } from './subscriptions/subscriptions.ts'
export type { NameLeft } from './old-names/move-old-names.ts'
export type {
  DeleteOptions,
  PutOptions,
  SubscriptionChange,
  Subscriptions,
  SubscriptionsDeps,
} from './subscriptions/subscriptions.ts'
export type { SubscriptionsAsked } from './subscriptions/subscription-page.ts'
export type { CheckWebhookUrl } from './subscriptions/check-input.ts'
export { createEventErasure } from './erasure/event-erasure.ts'
export type { EventErasure } from './erasure/event-erasure.ts'
export { createDeadLetters } from './dead-letters/dead-letters.ts'
export type { DeadLetters, DeadLettersDeps } from './dead-letters/dead-letters.ts'
export { createEventLog } from './event-log/event-log.ts'
export { createEventClaims } from './event-log/event-claims.ts'
export type { Claim, EventClaims } from './event-log/event-claims.ts'
export { createUnsettledDeliveries } from './event-log/unsettled-deliveries.ts'
export type {
  DeliveryPlace,
  UnsettledDeliveries,
  UnsettledDelivery,
  UnsettledOfShard,
} from './event-log/unsettled-deliveries.ts'
export { createEventFeed } from './event-log/event-feed.ts'
export type { EventFeed, EventFeedDeps, FeedId, FeedPosition, FeedStep } from './event-log/event-feed.ts'
export { NO_EVENT_LOG } from './event-log/no-event-log.ts'
export type {
  DeliveryChange,
  EventFilter,
  EventLog,
  EventToRecord,
  EventLogDeps,
  FoundEvents,
  RecordOptions,
} from './event-log/event-log.ts'
export { durationBucket } from './subscriptions/delivery-counts.ts'
export { createDeliveryHealthStore } from './subscriptions/delivery-health.ts'
export type { DeliveryHealthStore, FailureRow, HealthReport } from './subscriptions/delivery-health.ts'
export { createSharedFigures } from './figures/shared-figures.ts'
export type { SharedFigures } from './figures/shared-figures.ts'
export { type QueueCounts, readQueueCounts } from './bullmq-format/queue-counts.ts'
export type { LogReach } from './event-log/log-reach.ts'
export { announcementId, createAnnouncements } from './subscriptions/announcements.ts'
export type { Announcement, Announcements, DisabledAfter } from './subscriptions/announcements.ts'
export { createSubscriptionStats } from './subscriptions/subscription-stats.ts'
export type { SubscriptionStats, SubscriptionStatsReader } from './subscriptions/subscription-stats.ts'
export type { MadeAttempt } from './event-log/attempts.ts'
export type { LoggedEvent } from './event-log/logged-event.ts'
export { createReplays } from './replays/replays.ts'
export type { NewReplay, ReplayChange, Replays, ReplaysDeps } from './replays/replays.ts'
export { createReplayRuns } from './replays/replay-runs.ts'
export type { ItemOutcome, ReplayedDelivery, ReplayRun, ReplayRuns, ReplayRunsDeps } from './replays/replay-runs.ts'
export type { Replay, ReplayRange, ReplayStatus } from './replays/replay-record.ts'
export { BACKLOG_FULL, createBacklogTrim } from './queues/backlog-trim.ts'
export type { BacklogTrim, BacklogTrimDeps } from './queues/backlog-trim.ts'
export { PARKED_MS } from './bullmq-format/job-states.ts'
export { createDeliveryOrder } from './ordering/delivery-order.ts'
export type { DeliveryOrder, HoldingClock, JoinedPlace, OrderedDelivery } from './ordering/delivery-order.ts'
export { createLaneReader, createLaneWriter, parseLaneJob } from './ordering/lanes.ts'
export type { Lane, LaneReader, LaneWriter } from './ordering/lanes.ts'
export { createStrandedLanes } from './ordering/stranded-lanes.ts'
export type { StrandedLanes } from './ordering/stranded-lanes.ts'
export { createThrottle } from './queues/throttle.ts'
export type { Throttle } from './queues/throttle.ts'
export { createStatistics } from './statistics/statistics.ts'
export type {
  RefusedPushes,
  Statistics,
  StatisticsAsked,
  StatisticsDeps,
  StatisticSums,
} from './statistics/statistics.ts'
export type { Statistic } from './statistics/minute-counts.ts'
export { createUnparsedPushes, MAX_UNPARSED_PUSHES } from './unparsed-pushes.ts'
export type { UnparsedPushes, UnparsedPushesDeps } from './unparsed-pushes.ts'
export { createReplyMailbox, REPLY_SENT_SECONDS } from './reply-mailbox/reply-mailbox.ts'
export type {
  OfferOptions,
  OfferOutcome,
  ReplyMailbox,
  ReplyMailboxDeps,
  ReplyWait,
} from './reply-mailbox/reply-mailbox.ts'
