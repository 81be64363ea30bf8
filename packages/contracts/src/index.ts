// Owns: the public names of this package.
export {
  authorizerEvent,
  eventType,
  GatewayEventSchema,
  isEventId,
  platformEvent,
  UNPARSED_EVENT_TYPE,
} from './event.ts'
export type { EventData, EventFields, GatewayEvent } from './event.ts'
export {
  DEFAULT_DISABLE_AFTER_SECONDS,
  DEFAULT_MAX_BACKLOG,
  DEFAULT_ORDERING_TIMEOUT_SECONDS,
  DEFAULT_STREAM_MAX_LENGTH,
  DEFAULT_RETRY_SCHEDULE_SECONDS,
  DEFAULT_WEBHOOK_TIMEOUT_MS,
  RETRY_JITTER,
  SUBSCRIPTION_NAME_PATTERN,
  SubscriptionInputSchema,
  SubscriptionSchema,
  subscriptionView,
} from './subscription.ts'
export type {
  QueueSink,
  Sink,
  StreamSink,
  Subscription,
  SubscriptionInput,
  SubscriptionView,
  WebhookSink,
} from './subscription.ts'
export {
  BatchedEventSchema,
  ComponentEventJobSchema,
  DeadLettersJobSchema,
  DeliveryJobSchema,
  EraseJobSchema,
  FanOutBatchJobSchema,
  FanOutJobSchema,
  LaneJobSchema,
  ProfileJobSchema,
  ReleaseCheckJobSchema,
  SyncJobSchema,
} from './jobs.ts'
export type {
  BatchedEvent,
  ComponentEventJob,
  DeadLettersJob,
  DeliveryJob,
  EraseJob,
  FanOutBatchJob,
  FanOutJob,
  LaneJob,
  ProfileJob,
  ReleaseCheckJob,
  SyncJob,
} from './jobs.ts'
export { DOCUMENT_REPLY_TYPES, ReplySchema, takesDocument } from './reply.ts'
export type { Reply } from './reply.ts'
export { ANSWER_BYTES } from './delivery.ts'
export type { DeadLetter, DeliveryAttempt, DeliveryResult, DeliveryState, DeliveryStatus } from './delivery.ts'
export {
  AuthorizationSessionSchema,
  authorizationSessionView,
  endedSessionData,
  eventSession,
  missingSets,
  requestedSets,
  shownAppId,
} from './authorization-session.ts'
export type { AuthorizationSessionView } from './authorization-session.ts'
export { AuthorizerSchema, authorizerView } from './authorizer.ts'
export type { AuthorizerView } from './authorizer.ts'
export { hasContent, withoutContent } from './event-content.ts'
export { hasOrder, orderingKey } from './ordering.ts'
export { parserOf } from './parser.ts'
export { compileTypePatterns, matchesType } from './type-patterns.ts'
export { compileMatcher, explainMatch, inheritMatcher } from './match-subscriptions.ts'
export type { Matcher, MatchExplainer } from './match-subscriptions.ts'
export type { MatchedEvent } from './subscription-index.ts'
export type { MatchData } from './match-data.ts'
export { isWebhookSecret, WEBHOOK_SECRET_PREFIX } from './webhook-secret.ts'
export { endpointText } from './redis-config.ts'
export type { RedisEndpoint, RedisLogin, RedisSettings, RedisTls } from './redis-config.ts'
export { parseAuditEntry, parseRefusedCall } from './console-records.ts'
export type { AuditEntry, RefusedCall } from './console-records.ts'
