// Owns: the public names of this package.
export type {
  ApiTickets,
  ApiTicketType,
  Authorization,
  AuthorizationUrlRequest,
  Authorizations,
  Authorizers,
  AuthorizerTokens,
  ComponentTokens,
  CustomerService,
  DeadLetters,
  EventFilter,
  EventLog,
  Inbox,
  Installation,
  LoggedEvent,
  Page,
  PauseReason,
  Platform,
  RefreshSchedule,
  Replies,
  ReplyOffers,
  ReplyOutcome,
  SubscriptionChange,
  Subscriptions,
  SyncState,
  SyncStates,
  Tickets,
  TicketStatus,
} from './types.ts'
export { createPlatforms } from './create-platforms.ts'
export type { Platforms, PlatformsDeps } from './create-platforms.ts'
export { openGateway } from './open-gateway.ts'
export type { OpenedGateway } from './open-gateway.ts'
export { runReadinessChecks } from './readiness.ts'
export type { ReadinessCheck, ReadinessOutcome } from './readiness.ts'
