// Owns: the public names of this package.
export type {
  ApiTickets,
  Authorization,
  AuthorizationUrlRequest,
  Authorizations,
  Authorizers,
  ClickOutcome,
  ComponentTokens,
  CustomerService,
  Platform,
  Sessions,
} from './platform.ts'
export { createPlatformMetrics } from './platform-metrics.ts'
export type { Replies, ReplyOutcome } from './replies/replies.ts'
export { hasReplying, replyingSubscription } from './replies/replying-subscription.ts'
export type { AuthorizerTokens } from '@wxgw/wechat-core'
export type {
  ApiTicketType,
  Arrival,
  DeadLetters,
  EventFeed,
  EventFilter,
  EventLog,
  FeedPosition,
  JobQueue,
  PushQueue,
  SealedJobs,
  TimeBound,
  LoggedEvent,
  Page,
  PauseReason,
  PushMade,
  RefreshSchedule,
  Replay,
  ReplayChange,
  Session,
  SessionEnd,
  SessionStatus,
  Statistics,
  SubscriptionChange,
  Subscriptions,
  SyncState,
  SyncStates,
  TicketStore,
} from '@wxgw/redis'
export { createPlatforms } from './create-platforms.ts'
export type { Platforms, PlatformsDeps } from './create-platforms.ts'
export { keepDeclared } from './declared-subscriptions.ts'
export { openGateway } from './open-gateway.ts'
export type { OpenedGateway } from './open-gateway.ts'
export { createUnsubscribedEvents } from './unsubscribed-events.ts'
export type { UnsubscribedEvents } from './unsubscribed-events.ts'
export { createReadinessReports } from './readiness.ts'
export type { ReadinessCheck } from './readiness.ts'
export { createDiagnosis } from './diagnosis/create-diagnosis.ts'
export { diagnose } from './diagnosis/diagnosis.ts'
export type { Diagnosis, DiagnosisCheck } from './diagnosis/diagnosis.ts'
export { readinessChecks } from './diagnosis/readiness-checks.ts'
